package inbound

// actions names the function that carries out each API of the contract.
func (s *Server) actions() map[string]act {
	return map[string]act{
		"panLifecycle":               s.panLifecycle,
		"tokenInquiry":               s.tokenInquiry,
		"tokenInquiryByPAN":          s.tokenInquiryByPAN,
		"tokenLifecycle":             s.tokenLifecycle,
		"retrieveNHPPParticipants":   s.retrieveNHPPParticipants,
		"updateCardMetadata":         s.updateCardMetadata,
		"tokenRequestorReport":       s.tokenRequestorReport,
		"pushCardEnrollmentToWallet": s.pushCardEnrollmentToWallet,
	}
}
