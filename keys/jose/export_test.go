package jose

// Explanation is one refusal that an entry of the catalogue claims to explain.
type Explanation struct {
	Mistake MistakeID
	Layer   Layer
	Reason  Reason
}

// Explanations are the catalogue's claims.
func Explanations() []Explanation {
	var all []Explanation
	for _, e := range catalogue() {
		for _, c := range e.explains {
			all = append(all, Explanation{e.id, c.layer, c.reason})
		}
	}
	return all
}
