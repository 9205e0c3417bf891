package scenarios

// TokenActionEntry and TokenActions stand here until the runner brings its
// own, which say how each is done; then this file goes.
type TokenActionEntry struct {
	Name string
}

// TokenActions is the closed catalogue of what a step token can do.
func TokenActions() []TokenActionEntry {
	var list []TokenActionEntry
	for _, name := range []string{"activate-by-otp", "activate-by-app", "activate", "suspend", "resume", "delete",
		"issuer-suspend", "issuer-resume", "issuer-delete", "wallet-suspend", "wallet-resume", "wallet-delete",
		"wallet-replenish", "wallet-verify-otp", "wallet-wrong-otp", "wallet-verify-app"} {
		list = append(list, TokenActionEntry{Name: name})
	}
	return list
}
