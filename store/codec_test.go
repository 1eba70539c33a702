package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

// TestDataOfOldRows holds that what an earlier version wrote is still read, and
// that what has nothing new is still written so.
func TestDataOfOldRows(t *testing.T) {
	t.Parallel()
	old := []byte{1, 2, 0xAB, 0xCD, 6, 5, 0, 3, 9, 2, 1}
	want := message.Content{Data: []byte{0xAB, 0xCD}, Header: []byte{5, 0, 3, 9, 2, 1}}
	var got message.Content
	if err := readData(old, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(old, appendData(nil, &want)); d != "" {
		t.Error(d)
	}
	if b := appendData(nil, &message.Content{Text: "hi"}); len(b) != 0 {
		t.Errorf("a text alone has octets beside it: %x", b)
	}
	if readData([]byte{3, 0, 0}, &got) == nil {
		t.Error("octets of a later version are read")
	}
}

// TestSpecialRoundTrip: each of what few messages have is read as it was written, alone and with the others.
func TestSpecialRoundTrip(t *testing.T) {
	t.Parallel()
	from := message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "4673749494901"}
	for _, want := range []message.Special{
		{ByLoad: true}, {Tag: "news"}, {From: from}, {To: from}, {Secret: true}, {Secret: true, ByLoad: true, Tag: "news", From: from, To: from},
	} {
		r := blobReader{rest: appendSpecial(nil, &want)}
		got := r.special(want.Secret)
		if r.bad || got == nil {
			t.Errorf("%+v cannot be read", want)
		} else if d := cmp.Diff(want, *got); d != "" {
			t.Error(d)
		}
	}
}
