package wallet_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/vtsim/vtsim/conformance/contract"
	"github.com/vtsim/vtsim/fixtures"
	"github.com/vtsim/vtsim/simulator/token"
	"github.com/vtsim/vtsim/simulator/wallet"
)

// shown are the members of calls to the issuer whose every value must be
// produced. The values are the contract's.
var shown = []string{"messageReasonCode", "actionCode", "stipReasonCode", "otpReason", "panSource", "statusCode", "errorCode",
	"activationVerificationResult", "cardHolderStepupResult", "deviceBindingResult", "trustedListingResult", "eventType"}

// unproduced are the values that no flow produces, with the reason and the page; a
// value that one does produce must not stand here.
var unproduced = map[string]string{}

// flows of wallet, issuer and queue that together produce everything. Each
// begins with an issuer without answers and settings.
var flows = []struct {
	name string
	run  func(w *world)
}{
	{"every PAN source on every path (p.118)", panSources},
	{"every decision of the issuer (p.127)", decisions},
	{"every reason and every decision of stand-in (p.134)", standIns},
	{"every end of a step-up in provisioning (p.205)", stepUps},
	{"every reason to verify a cardholder (p.161, p.182)", verifications},
	{"what requestor and device do to a token (p.203)", requestorActs},
	{"what the issuer does to a token (p.90)", issuerActs},
	{"device bindings of every end (p.205)", bindings},
	{"updates of PANs and account level records (p.175)", panUpdates},
	{"card metadata that reach the device or not (p.139)", metadata},
	{"pushes of every end (p.237)", pushes},
}

var ctx = context.Background()

// answer sets what the issuer answers to the operation.
func (w *world) answer(operation string, with http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[operation] = with
}

// approved makes a token of the type without condition.
func (w *world) approved(kind string) string {
	GinkgoHelper()
	w.answer("approveProvisioning", action("00"))
	return w.provision(w.card("eligible", func(r *wallet.Request) { r.Type = kind })).Token.ReferenceID
}

func panSources(w *world) {
	original := w.approved("HCE")
	w.answer("retrieveStepUpMethods", offers("OTPSMS"))
	for _, way := range []http.HandlerFunc{action("00"), action("85"), status(500)} {
		w.answer("approveProvisioning", way)
		for _, source := range w.builder.Values("approveProvisioning", "panSource") {
			w.provision(w.card("eligible", func(r *wallet.Request) {
				if r.Type, r.Source = "SECURE_ELEMENT", source; source == "TOKEN" {
					r.Original = original
				}
			}))
		}
	}
}

func decisions(w *world) {
	w.answer("retrieveStepUpMethods", offers("CUSTOMERSERVICE"))
	for _, code := range answersOf(w.contract, "approveProvisioning", "actionCode") {
		w.answer("approveProvisioning", action(code))
		Expect(w.provision(w.card("eligible")).ActionCode).To(Equal(code))
	}
	reference := w.approved("ECOMMERCE")
	for _, code := range answersOf(w.contract, "deviceTokenBinding", "actionCode") {
		w.answer("deviceTokenBinding", action(code))
		Expect(w.must(w.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference})).ActionCode).To(Equal(code))
	}
}

// answersOf are the contract's values of a member of the issuer's answer.
func answersOf(c *contract.Contract, operation, member string) []string {
	GinkgoHelper()
	op, err := c.Operation(operation)
	Expect(err).NotTo(HaveOccurred())
	var values []string
	for _, value := range op.Field(contract.Response).Member(member).Enum {
		values = append(values, value.(string))
	}
	return values
}

func standIns(w *world) {
	causes := map[string]http.HandlerFunc{"9011": cut, "9012": action("N0"), timedOut: never, "9061": status(503)}
	for _, card := range w.fixtures.CardsOf(bank) {
		if card.StandIn == nil {
			continue
		}
		if card.StandIn.StipReasonCode == timedOut {
			w.deadlines["approveProvisioning"] = 100 * time.Millisecond
		}
		w.answer("approveProvisioning", causes[card.StandIn.StipReasonCode])
		w.provision(w.card(card.Role))
		delete(w.deadlines, "approveProvisioning")
	}
	w.answer("approveProvisioning", status(500))
	w.provision(w.card("expired"))
	for _, settings := range []map[string]any{standIn(fixtures.PathGreen), {"standIn": map[string]any{}}} {
		w.set(settings)
		w.provision(w.card("eligible"))
	}
}

func stepUps(w *world) {
	w.answer("approveProvisioning", action("85"))
	w.answer("retrieveStepUpMethods", offers("OTPSMS", "APP_TO_APP", "CUSTOMERSERVICE"))
	for _, how := range []wallet.Passcode{wallet.PasscodeRight, wallet.PasscodeWrong, wallet.PasscodeExpired, wallet.PasscodeMissing, wallet.PasscodeExhausted} {
		w.provision(w.card("stepUp", func(r *wallet.Request) { r.Passcode = how }))
	}
	app := w.provision(w.card("stepUp", func(r *wallet.Request) { r.Method = "APP_TO_APP" })).Token.ReferenceID
	w.must(w.ActivateByApp(ctx, bank, app, "VERIFICATION_SUCCESS"))
	phone := w.provision(w.card("stepUp", func(r *wallet.Request) { r.Method = "CUSTOMERSERVICE" })).Token.ReferenceID
	w.lifecycle(phone, "CALL_CENTER_ACTIVATION", map[string]string{"activationCode": "code-1"})
	Expect(w.token(phone).Status).To(Equal(token.Status("ACTIVE")))
}

func verifications(w *world) {
	w.answer("deviceTokenBinding", action("85"))
	for _, reason := range w.builder.Values("retrieveStepUpMethods", "otpReason") {
		w.answer("retrieveStepUpMethods", offers("OTPSMS"))
		reference := w.approved("ECOMMERCE")
		switch reason {
		case "PROVISIONING":
			w.answer("approveProvisioning", action("85"))
			w.provision(w.card("stepUp"))
		case "TOKEN_DEVICE_BINDING":
			w.must(w.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference}))
		default:
			w.must(w.StepUp(ctx, wallet.StepUpRequest{Issuer: bank, TokenReferenceID: reference, Reason: reason}))
			w.answer("retrieveStepUpMethods", says(map[string]any{"responseCode": "APPROVED"}))
			w.must(w.StepUp(ctx, wallet.StepUpRequest{Issuer: bank, TokenReferenceID: reference, Reason: reason}))
		}
	}
	w.answer("retrieveStepUpMethods", offers("CUSTOMERSERVICE"))
	for _, report := range []string{"CARDHOLDER_STEPUP_CALL_CENTER", "CARDHOLDER_STEPUP_APP_TO_APP"} {
		reference := w.approved("CARD_ON_FILE")
		w.must(w.StepUp(ctx, wallet.StepUpRequest{Issuer: bank, TokenReferenceID: reference}))
		w.lifecycle(reference, report, nil)
	}
}

func requestorActs(w *world) {
	phone, chip := w.approved("HCE"), w.approved("SECURE_ELEMENT")
	for _, act := range []func(context.Context, string, string) (*wallet.Result, error){w.Suspend, w.Resume} {
		w.must(act(ctx, bank, phone))
	}
	w.must(w.Replenish(ctx, bank, phone, true))
	w.must(w.Replenish(ctx, bank, phone, false))
	w.must(w.Repersonalize(ctx, bank, chip, true))
	w.must(w.Extend(ctx, bank, chip, token.Expiration{Month: "01", Year: "2031"}))
	w.must(w.Delete(ctx, bank, phone))
	for _, device := range []wallet.Personalization{wallet.PersonalizationDeclined, wallet.PersonalizationFailed} {
		w.provision(w.card("eligible", func(r *wallet.Request) { r.Personalization = device }))
	}
	w.provision(w.card("eligible", func(r *wallet.Request) { r.Type = "QRC" }))
}

func issuerActs(w *world) {
	reference := w.approved("ECOMMERCE")
	for _, act := range []string{"SUSPEND", "RESUME", "TOKEN_TRUSTED_LISTING_ADD", "TOKEN_TRUSTED_LISTING_REMOVE", "DELETE"} {
		w.lifecycle(reference, act, nil)
	}
}

func bindings(w *world) {
	reference := w.approved("ECOMMERCE")
	w.answer("retrieveStepUpMethods", offers("CUSTOMERSERVICE"))
	w.answer("deviceTokenBinding", action("85"))
	for i, act := range []string{"TOKEN_DEVICE_BINDING_APPROVE", "TOKEN_DEVICE_BINDING_APPROVE_CALL_CENTER", "TOKEN_DEVICE_BINDING_APPROVE_BANK_APP", "TOKEN_DEVICE_BINDING_REMOVE"} {
		index := i + 1
		device := fmt.Sprintf("device-%d", index)
		w.must(w.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference, Index: index, Device: map[string]any{"deviceID": device}}))
		w.lifecycle(reference, act, map[string]string{"deviceInfo.deviceID": device, "deviceInfo.deviceIndex": strconv.Itoa(index)})
	}
	w.answer("deviceTokenBinding", action("00"))
	w.must(w.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference, Index: 99}))
	w.must(w.Unbind(ctx, bank, reference, 99))
	w.answer("deviceTokenBinding", action("85"))
	w.answer("retrieveStepUpMethods", offers("OTPSMS"))
	w.must(w.Bind(ctx, wallet.BindRequest{Issuer: bank, TokenReferenceID: reference, Index: 98}))
}

func panUpdates(w *world) {
	from, to := w.fresh(), w.fresh()
	card := func(number, year string) map[string]any {
		return map[string]any{"primaryAccountNumber": number, "expirationDate": map[string]any{"month": "12", "year": year}}
	}
	members := func(reason string) map[string]string {
		return map[string]string{"operationType": "UPDATE", "operationReason": "lost", "operationReasonCode": reason}
	}
	w.issuerCalls("panLifecycle", said{members: members("ACCOUNT_UPDATE"), sealed: map[string]any{"cardholderInfo": card(from, "2030"), "replaceCardholderInfo": card(to, "2033")}})
	w.issuerCalls("panLifecycle", said{members: members("EXP_DATE_UPDATE"), sealed: map[string]any{"cardholderInfo": card(to, "2033"), "replaceCardholderInfo": card(to, "2035")}})
	record := members("UPDATE_ACCOUNT_LEVEL_RECORD")
	record["updateReferenceID"] = "REF-1"
	w.issuerCalls("panLifecycle", said{members: record, sealed: map[string]any{"replaceCardholderInfo": map[string]any{"primaryAccountNumber": to},
		"accountLevelInfo": map[string]any{"productID": "A", "rpinEnrollment": map[string]any{"action": "Add", "accountOpenDate": "20200115", "rpin": "100001"},
			"linkEnrollment": map[string]any{"group": []any{map[string]any{"action": "Add", "groupType": "NOBODY", "groupID": "G1"}}}}}})
}

func metadata(w *world) {
	reference := w.approved("SECURE_ELEMENT")
	update := said{members: map[string]string{"tokenRequestorID": w.token(reference).RequestorID, "tokenReferenceID": reference, "operatorID": "op-1",
		"operationReason": "new art", "cardMetadataInfo.profileID": "7d3c1f0a5b9e4c62a8f01b2c3d4e5f60"}}
	w.issuerCalls("updateCardMetadata", update)
	for _, code := range w.builder.Values("cardMetadataUpdateNotification", "errorCode") {
		w.set(map[string]any{"outcomes": map[string]any{"cardMetadataUpdateNotification": code}})
		w.issuerCalls("updateCardMetadata", update)
	}
}

func pushes(w *world) {
	w.set(map[string]any{"outcomes": map[string]any{"pushProvisioningStatusNotification": "wallet"}})
	w.answer("approveProvisioning", action("00"))
	for i, reception := range []wallet.Reception{wallet.ReceptionTaken, wallet.ReceptionUnreached, wallet.ReceptionRefused} {
		data := w.push(w.fresh(), fmt.Sprintf("trace-%d", i), merchant)
		_, err := w.Push(ctx, wallet.PushRequest{Issuer: bank, PushData: data, Reception: reception})
		Expect(err).NotTo(HaveOccurred())
	}
}

// produced are the values of shown members by operation, as they arrived.
func (w *world) produced() map[string]map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[string]map[string]bool{}
	for _, call := range w.calls {
		for _, member := range shown {
			place := call.operation + "/" + member
			value, ok := call.body[member].(string)
			if member == "eventType" {
				value, ok = call.event, call.event != ""
			}
			if found[place] == nil {
				found[place] = map[string]bool{}
			}
			if ok {
				found[place][value] = true
			}
		}
	}
	return found
}

// wanted are the contract's values of the member of calls of the operation.
func wanted(op *contract.Operation, member string) []string {
	if member == "eventType" {
		return op.FixedQuery[member]
	}
	var values []string
	if field := op.Field(contract.Request); field != nil && field.Member(member) != nil {
		for _, value := range field.Member(member).Enum {
			values = append(values, fmt.Sprint(value))
		}
	}
	return values
}

var _ = Describe("The flows of wallet, issuer and queue", Ordered, ContinueOnFailure, func() {
	known, err := contract.Load()
	if err != nil {
		panic(err)
	}
	var arrived map[string]map[string]bool

	BeforeAll(func() {
		w := newWorld().sending()
		for _, flow := range flows {
			By(flow.name)
			w.anew()
			flow.run(w)
			w.delivered()
		}
		arrived = w.produced()
	})

	for _, op := range known.Operations() {
		if op.Direction != contract.Outbound {
			continue
		}
		It("make the call "+op.ID, func() {
			Expect(arrived).To(HaveKey(op.ID + "/" + shown[0]))
		})
		for _, member := range shown {
			for _, value := range wanted(op, member) {
				place := op.ID + "/" + member + "/" + value
				It("produce "+place, func() {
					made := arrived[op.ID+"/"+member][value]
					if reason, excused := unproduced[place]; excused {
						Expect(made).To(BeFalse(), "it is produced, so it must not be excused: "+reason)
						return
					}
					Expect(made).To(BeTrue(), "no flow produces it")
				})
			}
		}
	}

	It("excuse no value that the contract does not have", func() {
		for place := range unproduced {
			found := false
			for _, op := range known.Operations() {
				for _, member := range shown {
					found = found || slices.ContainsFunc(wanted(op, member), func(v string) bool { return op.ID+"/"+member+"/"+v == place })
				}
			}
			Expect(found).To(BeTrue(), place)
		}
	})
})
