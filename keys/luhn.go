package keys

// luhnDigit returns the check digit that completes the digits to a PAN.
func luhnDigit(digits string) byte {
	sum, double := 0, true
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return byte('0' + (10-sum%10)%10)
}

// luhnValid reports whether the last digit fits the others.
func luhnValid(pan string) bool {
	return len(pan) > 1 && onlyDigits(pan) && luhnDigit(pan[:len(pan)-1]) == pan[len(pan)-1]
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
