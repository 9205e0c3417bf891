package wallet_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestWallet(t *testing.T) {
	RegisterFailHandler(Fail)
	suite, reporter := GinkgoConfiguration()
	suite.FlakeAttempts = 2 // budgets are real seconds: a starved machine misses one and stands in
	RunSpecs(t, "Wallet", suite, reporter)
}
