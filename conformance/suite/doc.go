// Package suite is the certification as Ginkgo specs, for an issuer who runs
// it inside his own test package:
//
//	package bank_test
//
//	import (
//		"testing"
//
//		. "github.com/onsi/ginkgo/v2"
//		. "github.com/onsi/gomega"
//		"github.com/vtsim/vtsim/conformance/suite"
//	)
//
//	var _ = suite.Describe("VTS issuer API", suite.Config{File: "issuer.yaml", Profile: "core"})
//
//	func TestConformance(t *testing.T) { RegisterFailHandler(Fail); RunSpecs(t, "Bank") }
//
// The data takes this way:
//
//	Config --tree is built: conformance.Open, Close--> plan --> one It for each case
//	BeforeAll: conformance.Open --> It: OneByOne.Run --> pass | Fail | Skip, entries
//	after the last spec: Result --> verdict, Config.Out
//
// Each spec has labels in sets: operation, level, tag and area. They are
// chosen with --ginkgo.label-filter='tag: containsAny core && !(operation:
// containsAny sendPasscode)'. The text of a spec begins with the id of its
// case, so --ginkgo.focus finds it too.
//
// All cases stand in one container that is Serial and Ordered. An issuer's
// cards are few, and two processes of ginkgo -p cannot lend them to each
// other; budgets are judged honestly only while nothing else makes the machine
// busy. So with -p, one process runs the cases, one after the other, when the
// other specs are done. Every process makes the same plan, from Ginkgo's
// random seed unless Config has one.
//
// The package never judges: what a spec says is what the certification found.
// What this side does wrong fails a spec too, and says so; what keeps every
// case from running fails one spec and skips those after it.
package suite
