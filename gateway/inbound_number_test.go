package gateway

import (
	"testing"
	"testing/synctest"

	"kurir/message"
)

// TestInboundNumber writes numbers as operators do (SMPP 3.4 5.2.5) and expects
// E.164.
func TestInboundNumber(t *testing.T) {
	t.Parallel()
	const (
		intl  = message.TONInternational
		nat   = message.TONNational
		alpha = message.TONAlphanumeric
	)
	tests := []struct {
		numbers InboundNumbers
		country string
		ton     message.TON
		number  string
		wantTON message.TON
		want    string
	}{
		{NumbersAsIs, "46", 2, "0701234567", nat, "0701234567"},
		{NumbersInternational, "", 0, "46701234567", intl, "46701234567"},
		{NumbersInternational, "", 2, "46701234567", intl, "46701234567"},
		{NumbersInternational, "", 0, "0046701234567", intl, "46701234567"},
		{NumbersInternational, "", 1, "46701234567", intl, "46701234567"},
		{NumbersInternational, "", 0, "72456", 0, "72456"},
		{NumbersInternational, "", 5, "INFO", alpha, "INFO"},
		{NumbersNational, "46", 0, "0701234567", intl, "46701234567"},
		{NumbersNational, "46", 0, "701234567", intl, "46701234567"},
		{NumbersNational, "46", 2, "701234567", intl, "46701234567"},
		{NumbersNational, "46", 1, "4915112345678", intl, "4915112345678"},
		{NumbersNational, "46", 1, "0701234567", intl, "46701234567"}, // says international, is not
		{NumbersNational, "46", 0, "004915112345678", intl, "4915112345678"},
		{NumbersNational, "46", 0, "72456", 0, "72456"},
		{NumbersNational, "46", 3, "72456", 3, "72456"},
		{NumbersNational, "46", 5, "ICA", alpha, "ICA"},
		{NumbersNational, "46", 5, "12345678", alpha, "12345678"},
		{NumbersNational, "1", 0, "2025550123", intl, "12025550123"},
		{NumbersNational, "1", 0, "12025550123", intl, "12025550123"},
		{NumbersNational, "7", 0, "89161234567", intl, "79161234567"},
		{NumbersNational, "7", 0, "79161234567", intl, "79161234567"},
		{NumbersNational, "45", 0, "45123456", intl, "4545123456"},
		{NumbersNational, "55", 0, "55991234567", intl, "5555991234567"}, // area code 55
		{NumbersNational, "46", 0, "", 0, ""},
		{NumbersNational, "46", 0, "000", 0, "000"},
		{NumbersNational, "46", 0, "12345678901234567890", 0, "12345678901234567890"},
	}
	for _, tt := range tests {
		set := LinkSettings{InboundNumbers: tt.numbers, Country: tt.country}
		got := set.inboundNumber(message.Address{TON: tt.ton, NPI: 1, Number: tt.number})
		if got.Number != tt.want || got.TON != tt.wantTON {
			t.Errorf("%d %q from an operator of country %q that writes %d: %d %q, want %d %q",
				tt.ton, tt.number, tt.country, tt.numbers, got.TON, got.Number, tt.wantTON, tt.want)
		}
	}
}

// TestInboundNationalNumber: a message to one of an account's numbers, written
// nationally, is that account's.
func TestInboundNationalNumber(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Links["op1"] = LinkSettings{Name: "op1", InboundNumbers: NumbersNational, Country: "46"}
		r := &fakeReceiver{limit: 10}
		w := start(t, dir, Options{Snapshot: snap}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		ack := make(chan error, 1)
		w.fakeLink("op1").core.Inbound([]*message.Inbound{{
			From: message.Address{Number: "0701234567"}, To: message.Address{TON: 2, Number: "11111"},
			Content: message.Content{Text: "hello", Class: -1},
		}}, func(err error) { ack <- err })
		<-ack
		synctest.Wait()
		items := r.take()
		if len(items) != 1 || items[0].Inbound.Account != "acme" || items[0].Inbound.From.Number != "46701234567" {
			t.Fatalf("delivered: %d", len(items))
		}
		w.Delivered([]Delivered{{Item: items[0]}})
	})
}
