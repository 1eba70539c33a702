package message_test

import (
	"testing"

	"kurir/message"
)

func TestExtra(t *testing.T) {
	t.Parallel()
	var none *message.Extra
	if _, ok := none.TLV(0x1400); ok || !none.IsZero() || none.Size() != 0 {
		t.Error("no Extra has something in it")
	}
	if !new(message.Extra).IsZero() {
		t.Error("an empty Extra is not empty")
	}
	for _, x := range []message.Extra{
		{ServiceType: "CMT"},
		{ESMClass: 0x80},
		{ProtocolID: 0x7F},
		{Acks: message.AckUser},
		{DefaultMsgID: 1},
		{Coding: 0xC8},
		{TLVs: []message.TLV{{Tag: 0x130C}}},
	} {
		if x.IsZero() {
			t.Errorf("%+v counts as nothing", x)
		}
	}
	x := message.Extra{TLVs: []message.TLV{{Tag: 0x1400, Value: []byte("a")}, {Tag: 0x1401, Value: []byte("b")}, {Tag: 0x1401, Value: []byte("c")}}}
	if v, ok := x.TLV(0x1401); !ok || string(v) != "b" {
		t.Errorf("0x1401 = %q, %t; the first is b", v, ok)
	}
}
