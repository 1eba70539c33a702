package gateway

import (
	"context"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

// heardPart is a part of a long message from a phone.
func heardPart(text string, ref, total, number byte) *message.Inbound {
	return &message.Inbound{
		From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: "4611111"},
		Content: message.Content{Text: text, Class: -1, Header: []byte{5, 0, 3, ref, total, number}},
	}
}

// heard returns the texts of messages from phones, the oldest first.
func (w *world) heard() (texts []string) {
	w.t.Helper()
	list, _, err := w.store.InboundList(context.Background(), store.Filter{Limit: 10})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, in := range list {
		texts = append([]string{in.Content.Text}, texts...)
	}
	return texts
}

// TestPartsElsewhere: parts of one message that come by several gateways are one message.
func TestPartsElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 3)
		for i, w := range nodes {
			if err := <-w.fakeLink("op1").inbound(heardPart([]string{"to", "geth", "er"}[i], 7, 3, byte(i+1))); err != nil {
				t.Fatal(err)
			}
		}
		list, _, err := nodes[0].store.InboundList(context.Background(), store.Filter{Limit: 10})
		if err != nil || len(list) != 1 || list[0].Content.Text != "together" || list[0].Parts != 3 {
			t.Errorf("got %d messages, %+v, %v", len(list), list, err)
		}
	})
}

// TestPartsAcknowledgedOnceJoined: the operator has no acknowledgement of a whole text before
// it is one message, lest a later text of that phone be told before it; not even when the
// gateway that is to join it is dead, until another one has taken over.
func TestPartsAcknowledgedOnceJoined(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 3)
		if err := <-nodes[0].fakeLink("op1").inbound(heardPart("in ", 7, 2, 1)); err != nil {
			t.Fatalf("the first part: %v", err)
		}
		nodes[0].halt()
		op := nodes[1].fakeLink("op1")
		began := time.Now()
		if err := <-op.inbound(heardPart("order", 7, 2, 2)); err == nil {
			t.Error("the text is acknowledged, and nobody has joined it")
		}
		if d := time.Since(began); d < 5*time.Second || d > 10*time.Second {
			t.Errorf("the operator was asked to try again after %v", d)
		}
		ack := op.inbound(heardPart("order", 7, 2, 2)) // he tries again
		time.Sleep(time.Second)
		nodes[2].takesOver(0)
		if err := <-ack; err != nil {
			t.Errorf("it was joined: %v", err)
		}
		if got := nodes[1].heard(); len(got) != 1 || got[0] != "in order" {
			t.Errorf("got %q", got)
		}
	})
}

// TestPartRepeatedElsewhere: a part that the operator repeats at another gateway after the whole text was joined, for he had no
// answer, is not a message of its own; and parts of another text under the same reference are kept.
func TestPartRepeatedElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 3)
		send := func(node int, text string, number byte) {
			t.Helper()
			if err := <-nodes[node].fakeLink("op1").inbound(heardPart(text, 7, 2, number)); err != nil {
				t.Fatal(err)
			}
		}
		send(0, "one ", 1)
		send(1, "text", 2)
		send(0, "text", 2)
		for _, node := range []int{1, 2} {
			send(node, "one ", 1)
			time.Sleep(15 * time.Second)
			if n := nodes[0].store.Counts().Parts; n != 0 {
				t.Errorf("%d parts wait for others that were there already", n)
			}
		}
		send(2, "two ", 1)
		send(1, "words", 2)
		got := nodes[0].heard()
		if len(got) != 2 || got[0] != "one text" || got[1] != "two words" {
			t.Errorf("got %q", got)
		}
	})
}

// TestPartsOfTwoTexts: of two texts under one reference that come at the same time by two gateways neither
// loses a part.
func TestPartsOfTwoTexts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		for i, p := range []*message.Inbound{heardPart("one ", 7, 2, 1), heardPart("two ", 7, 2, 1), heardPart("text", 7, 2, 2), heardPart("words", 7, 2, 2)} {
			if err := <-nodes[i%2].fakeLink("op1").inbound(p); err != nil {
				t.Fatal(err)
			}
		}
		if got := nodes[0].heard(); len(got) != 2 || got[0] != "one text" || got[1] != "two words" {
			t.Errorf("got %q", got)
		}
	})
}
