package scenarios

// tokenActionNames are the words of a token step: what a wallet, a cardholder
// or the issuer's staff does to the token of the case.
func tokenActionNames() []string {
	var names []string
	for _, entry := range TokenActions() {
		names = append(names, entry.Name)
	}
	return names
}
