package cimd2

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/wire"
)

// The corner cases of the digest (section 9) by number. 15 and 16 are about other programs: see TestForeignBytes and
// TestTshark. 4 and 5 are the business of who makes messages of packets: what a sender becomes is TestCIMD2Contract in package
// connector, that no two messages to one phone have the same second is TestStampsRestart and its neighbours in package api.
func TestCornerCases(t *testing.T) {
	t.Parallel()
	t.Run("corner 1: the checksum includes STX", func(t *testing.T) {
		t.Parallel()
		if got := encode(t, Empty(OpLogout, 11)); string(got) != "\x0202:011\t39\x03" {
			t.Errorf("%q", got)
		}
	})
	t.Run("corner 2: the checksum is optional for each packet", func(t *testing.T) {
		t.Parallel()
		for _, frame := range []string{"\x0202:011\t\x03", "\x0202:011\t39\x03", "\x0240:007\t40\x03", "\x0290:255\t4a\x03"} {
			if _, err := Decode([]byte(frame)); err != nil {
				t.Errorf("%q: %v", frame, err)
			}
		}
	})
	t.Run("corner 2: an SMSC answers as it was asked", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{Role: wire.SMSC}, false)
			for _, octets := range [][2]string{
				{"\x0240:001\t\x03", "\x0290:001\t\x03"}, {"\x0240:003\t3C\x03", "\x0290:003\t41\x03"}, {"\x0240:005\t\x03", "\x0290:005\t\x03"},
			} {
				r.raw(octets[0])
				if got := r.forget(); got != octets[1] {
					t.Errorf("%q is answered by %q, want %q", octets[0], got, octets[1])
				}
			}
			_, _ = r.s.Send([]Request{{PDU: Empty(OpDeliver, 0)}})
			r.written("20:000|")
		})
	})
	t.Run("corner 3: numbers stay odd when they wrap, even for an SMSC", wraps)
}

func TestCornerSessions(t *testing.T) {
	t.Parallel()
	t.Run("corner 6: a status report that was not asked for is acknowledged by the one who gets it", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{}, false)
			r.h.answer = okay
			r.send("23:002 021:46701234567 060:261121212647 061:4|")
			r.written("73:002|")
		})
	})
	t.Run("corner 11: requests come while an answer is awaited", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{Window: 1}, false)
			r.h.answer = okay
			_, _ = r.s.Send(submits(t, 1))
			r.send("20:000 021:1 033:x|23:002 021:46701234567 060:261121212647 061:4|40:004|53:001 021:46701234567 060:261121212647|")
			r.written("03:001 021:46701234567 033:a|90:004|70:000|73:002|")
			if len(r.h.responses) != 1 || r.h.responses[0].Err != nil {
				t.Errorf("%+v", r.h.responses)
			}
		})
	})
	t.Run("corner 13: a general error ends the session", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{}, false)
			r.send("98:000 900:6 901:out_of_order|")
			<-r.s.Done()
			if err := r.s.Err(); !errors.Is(err, ErrGeneralError) || !errors.Is(err, ErrSystem) {
				t.Error(err)
			}
		})
	})
	t.Run("corner 17: no trace shows a password", func(t *testing.T) {
		t.Parallel()
		for _, b := range []Body{&Login{User: "acme", Password: "marked"}, &Set{Password: "marked"}} {
			p, err := New(b)
			if err != nil {
				t.Fatal(err)
			}
			wrong := bytes.Replace(encode(t, p), []byte("\t011:"), []byte("\t011:\x03"), 1)
			if s := p.String() + Describe(encode(t, p)) + Describe(wrong); strings.Contains(s, "marked") {
				t.Error(s)
			}
		}
	})
}

// wraps sends a round of requests from both sides and a few more.
func wraps(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for role, first := range map[wire.Role]int{wire.Client: 1, wire.SMSC: 0} {
			r := newRig(t, Config{Role: role, Window: 1}, false)
			for i := range 130 {
				if n, err := r.s.Send(submits(t, 1)); n != 1 || err != nil {
					t.Fatal(n, err)
				}
				want := byte(first + 2*i)
				r.written("03:" + string([]byte{'0' + want/100, '0' + want/10%10, '0' + want%10}) + " 021:46701234567 033:a|")
				r.send("53:" + string([]byte{'0' + want/100, '0' + want/10%10, '0' + want%10}) + "|")
			}
		}
	})
}

func TestCornerTexts(t *testing.T) {
	t.Parallel()
	t.Run("corner 7: an unknown escape stays as it is", func(t *testing.T) {
		t.Parallel()
		for value, want := range map[string]string{"a_zzb": "a_zzb", "_": "_", "_a": "_a", "a__--": "a__", "_O": "_O"} {
			if got := gsm.DecodeGSM7(ParseText(nil, []byte(value))); got != want {
				t.Errorf("%q is %q, want %q", value, got, want)
			}
		}
	})
	t.Run("corner 8: 160 septets are never cut within an escape", func(t *testing.T) {
		t.Parallel()
		p, err := New(&Submit{Destinations: []string{"467"}, UserData: UserData{Data: bytes.Repeat([]byte{0x1B}, 160)}})
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := p.Get(ParamText); len(v) != 480 || string(v[477:]) != "_XX" {
			t.Errorf("%d octets that end with %q", len(v), v[len(v)-3:])
		}
	})
	t.Run("corner 9: @ and $ are understood raw and escaped", func(t *testing.T) {
		t.Parallel()
		if got := gsm.DecodeGSM7(ParseText(nil, []byte("_Oa@$_ox"))); got != "@@$¤" {
			t.Error(got)
		}
	})
	t.Run("corner 10: raw brackets are Nordic letters and never sent", func(t *testing.T) {
		t.Parallel()
		if got := gsm.DecodeGSM7(ParseText(nil, []byte(`[\]{|}^~`))); got != "ÄÖÅäöåÜü" {
			t.Error(got)
		}
		if got := string(AppendText(nil, septets(t, `[]{}\|^~ÄÖÅäöåÜü`))); strings.ContainsAny(strings.NewReplacer("_N~", "", "_n~", "").Replace(got), `[]{}\|^~`) {
			t.Error(got)
		}
	})
}

func TestCornerNumbers(t *testing.T) {
	t.Parallel()
	t.Run("corner 12: a nack with another number says which is expected", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{Window: 3}, false)
			_, _ = r.s.Send(submits(t, 3))
			r.written("03:001 021:46701234567 033:a|03:003 021:46701234567 033:b|03:005 021:46701234567 033:c|")
			r.send("99:077|99:077|99:077|")
			r.written("03:077 021:46701234567 033:a|03:079 021:46701234567 033:b|03:081 021:46701234567 033:c|")
			r.send("53:077 060:261121212647|53:079 060:261121212647|53:081 060:261121212647|")
			_, _ = r.s.Send(submits(t, 1))
			r.written("03:083 021:46701234567 033:a|")
			if len(r.h.responses) != 3 || r.h.responses[2].Ref != 2 || r.s.Info().Outstanding != 1 {
				t.Errorf("%+v", r.h.responses)
			}
			r.send("99:000|99:002|") // no numbers of ours
			r.written("")
		})
	})
	t.Run("corner 14: what comes again is answered again, and not handed on twice", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{}, false)
			r.send("20:000 021:1 033:x|20:000 021:1 033:x|")
			r.written("") // no answer yet: it answers both
			_ = r.s.Respond([]*Packet{okay(r.h.requests[0])})
			r.written("70:000|")
			r.send("20:000 021:1 033:x|")
			r.written("70:000|")
			r.send("20:002 021:1 033:x|20:000 021:1 033:x|")
			r.written("70:000|")
			if len(r.h.requests) != 2 {
				t.Errorf("%d requests, want 2", len(r.h.requests))
			}
			r.send("20:004 021:1 033:later|")
			_ = r.s.Respond([]*Packet{Empty(OpNack, 4)})
			r.send("20:004 021:1 033:later|")
			r.written("99:004|")
			if len(r.h.requests) != 4 {
				t.Error("what was nacked is not handed on when it comes again")
			}
			r.h.requests = r.h.requests[:2]
			r.send("20:002 021:1 033:another|")
			if len(r.h.requests) != 3 {
				t.Error("another message under a number that was used is none that came before")
			}
			time.Sleep(time.Second)
		})
	})
}
