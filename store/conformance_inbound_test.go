package store_test

import (
	"context"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/store"
)

func fullInbound(ids *message.IDs) *message.Inbound {
	return &message.Inbound{
		ID: ids.Next(time.Now()), Link: "op1", Account: "acme",
		From:     message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"},
		To:       message.Address{TON: message.TONAbbreviated, Number: "72000"},
		Content:  message.Content{Text: "ja", Header: []byte{2, 1, 0}, Data: []byte{1}, Want: gsm.GSM7, Class: 1, Extra: fullExtra()},
		Encoding: gsm.GSM7, Parts: 3, Missing: 1, Gaps: []byte{2}, Received: 1763768387001, Rule: "keyword ja", Answers: 77, Series: "orders", Case: "2026-00007",
		Targets: []message.Target{{Kind: message.WebhookTarget, Account: "acme", Address: "https://example.org"}, {Kind: message.SMPPTarget, Account: "b"}},
		Owed:    3, Log: []byte{1, 2, 0},
	}
}

func testInbound(t *testing.T, open opener) {
	ctx := context.Background()
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	ids := message.NewIDs(0, 0)
	a, b, c := fullInbound(ids), fullInbound(ids), fullInbound(ids)
	b.Owed = 0
	commit(t, s, &store.Batch{
		Inbound: []*message.Inbound{a, b, c},
		OwedAdd: []store.Owed{
			{Queue: "acme", Due: 5, ID: a.ID, Inbound: true, Index: 1},
			{Queue: "acme", Due: 5, ID: c.ID, Inbound: true, Index: 0},
			{Queue: "b", Due: 5, ID: c.ID, Inbound: true, Index: 1},
			{Queue: "b", Due: 5, ID: a.ID}, // a state of a message, not an inbound message
		},
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, place, store.Retention{})
	got, err := s.Inbound(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "inbound message", a, got)
	found := map[message.ID]uint32{}
	err = s.OpenInbound(ctx, 0, func(in *message.Inbound, missing uint32) error {
		found[in.ID] = missing
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "open inbound messages", map[message.ID]uint32{a.ID: 1}, found)
	commit(t, s, &store.Batch{InboundChanged: []store.InboundChange{{ID: a.ID, Owed: 2, Log: []byte{9}}}})
	a.Owed, a.Log = 2, []byte{9}
	if got, err = s.Inbound(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	diff(t, "inbound message", a, got)
	if _, err := s.Inbound(ctx, 1); err != store.ErrNotFound {
		t.Errorf("an inbound message that is not there: %v", err)
	}
}

func testPartsAndHeld(t *testing.T, open opener) {
	ctx := context.Background()
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	ids := message.NewIDs(0, 0)
	var parts []store.InboundPart
	for i := range 1200 {
		in := fullInbound(ids)
		parts = append(parts, store.InboundPart{ID: in.ID, Key: "op1 46701234567 72000 8 3", Number: uint8(i), Total: 255, Received: 1763768387001, Part: in})
		in.Targets, in.Owed = nil, 0
	}
	held := []store.HeldReport{
		{Number: 1, Received: 1763768387001, Report: message.Report{
			Scope: "op1", OperatorID: "abc\x00", State: message.Undeliverable, Code: 1 << 31, Done: -1,
			From: message.Address{TON: 1, NPI: 1, Number: "46701234567"}, To: message.Address{Number: "72000"}, Text: "id:abc",
		}},
		{Number: 2},
	}
	commit(t, s, &store.Batch{Parts: parts, Held: held})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, place, store.Retention{})
	var gotParts []store.InboundPart
	err := s.InboundParts(ctx, 0, func(p *store.InboundPart) error { gotParts = append(gotParts, *p); return nil })
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "parts", parts, gotParts)
	var gotHeld []store.HeldReport
	err = s.Held(ctx, 0, func(h *store.HeldReport) error { gotHeld = append(gotHeld, *h); return nil })
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "held receipts", held, gotHeld)
	if last, err := s.LastID(ctx); err != nil || last != parts[len(parts)-1].ID {
		t.Errorf("last id %v, %v; want that of the last part", last, err)
	}
}
