package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/cimd2"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

func TestCIMD2Login(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		for _, test := range []struct {
			user, password string
			want           cimd2.ErrorCode
		}{
			{"acme", "wrong", cimd2.ErrLogin},
			{"nobody", "secret", cimd2.ErrLogin},
			{"other", "web", cimd2.ErrLogin}, // it has a name of its own
			{"otherbox", "web", cimd2.ErrLogin},
			{"otherbox", "pass2", cimd2.NoError},
			{"far", "secret", cimd2.ErrLogin}, // from elsewhere
		} {
			before := time.Now()
			c, err := b.login(test.user, test.password, 10)
			if test.want == cimd2.NoError {
				if err != nil {
					t.Errorf("%s: %v", test.user, err)
					continue
				}
				c.End(t.Context())
				continue
			}
			if !errors.Is(err, test.want) || time.Since(before) < 200*time.Millisecond {
				t.Errorf("%s/%s: %v after %v, want %v", test.user, test.password, err, time.Since(before), test.want)
			}
		}
		b.mustLogin()
		last := b.mustLogin()
		if _, err := b.login("acme", "secret", 10); !errors.Is(err, cimd2.ErrTooManyUsers) {
			t.Errorf("a third session: %v", err)
		}
		last.End(t.Context())
		synctest.Wait()
		b.mustLogin()
	})
}

// TestCIMD2Window: the log-in settles the window, within that of the account; what exceeds it is refused.
func TestCIMD2Window(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		for asked, want := range map[int]int{1: 1, 7: 7, 100: 50} {
			c, err := b.login("acme", "secret", asked)
			if err != nil {
				t.Fatal(err)
			}
			if l := b.all.List(); l[0].Window != want || l[0].SubmitWindow != want+1 {
				t.Errorf("asked for %d: %+v", asked, l)
			}
			c.SetWindow(100)
			b.gateway.hold = true
			list := make([]*cimd2.Packet, want+1)
			for i := range list {
				list[i] = cimd2Packet(t, cimd2Text("x", "46701234567"))
			}
			answers := c.flood(t, list)
			if r := <-answers; !errors.Is(r.PDU.Refused(), cimd2.ErrCongestion) {
				t.Errorf("asked for %d: %s", asked, r.PDU)
			}
			b.gateway.release()
			for range want {
				if r := <-answers; r.PDU.Refused() != nil {
					t.Errorf("asked for %d: %s", asked, r.PDU)
				}
			}
			c.End(t.Context())
			synctest.Wait()
		}
	})
}

func TestCIMD2Submit(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		septets, _ := gsm.AppendGSM7(nil, "Hej åäö @€[] _")
		part := []byte{5, 0, 3, 7, 2, 1}
		for _, test := range []struct {
			name string
			data cimd2.UserData
			dcs  int
			want message.Content
		}{
			{"text", cimd2.UserData{Data: septets}, 0, message.Content{Text: "Hej åäö @€[] _", Class: gsm.NoClass}},
			{"part", cimd2.UserData{Data: []byte("first "), Header: part}, 0, message.Content{Text: "first ", Header: part, Want: gsm.GSM7, Class: gsm.NoClass}},
			{"flash", cimd2.UserData{Data: []byte("flash")}, 0x10, message.Content{Text: "flash", Class: 0}},
			{"UTF-16", cimd2.UserData{Data: gsm.AppendUCS2(nil, "Привет"), Binary: true}, 8, message.Content{Text: "Привет", Want: gsm.UCS2, Class: gsm.NoClass}},
			{"data", cimd2.UserData{Data: []byte{1, 2, 0}, Binary: true}, 4, message.Content{Data: []byte{1, 2, 0}, Want: gsm.Binary, Class: gsm.NoClass}},
			{"packed", cimd2.UserData{Data: gsm.Pack(nil, septets, 0), Binary: true}, 0, message.Content{Text: "Hej åäö @€[] _", Class: gsm.NoClass}},
		} {
			m := &cimd2.Submit{Destinations: []string{"46701234567"}, UserData: test.data, Coding: cimd2.Some(test.dcs)}
			_ = cimd2Sent(t, c, m)
			s := b.gateway.taken()[0]
			got := s.Content
			if got.Text != test.want.Text || string(got.Data) != string(test.want.Data) || string(got.Header) != string(test.want.Header) ||
				got.Want != test.want.Want || got.Class != test.want.Class {
				t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
			}
			if s.Receipts != 0 || s.Target.Kind != message.NoTarget || s.Via != message.ViaCIMD2 || s.ToAddr != smppInternational("46701234567") {
				t.Errorf("%s: %+v", test.name, s)
			}
		}
		named := &cimd2.Submit{Destinations: []string{"0701234567"}, AlphaOriginator: "Kurir", UserData: cimd2.UserData{Data: []byte("x")}}
		_ = cimd2Sent(t, c, named)
		if s := b.gateway.taken()[0]; s.FromAddr != (message.Address{TON: message.TONAlphanumeric, Number: "Kurir"}) || s.To != "0701234567" || s.ToAddr.Number != "" {
			t.Errorf("%+v", s)
		}
		odd := cimd2Text("", "46701234567")
		odd.UserData, odd.Coding = cimd2.UserData{Data: []byte{4}, Binary: true}, cimd2.Some(8)
		if _, err := cimd2Do(t, c, odd); !errors.Is(err, cimd2.ErrUserData) {
			t.Errorf("half a character: %v", err)
		}
	})
}

func TestCIMD2Times(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		now := time.Now()
		for _, test := range []struct {
			m        cimd2.Submit
			at       time.Duration
			validity time.Duration
			want     error
		}{
			{cimd2.Submit{FirstAbsolute: "000101030000", ValidityAbsolute: "000101050000"}, 3 * time.Hour, 2 * time.Hour, nil},
			{cimd2.Submit{FirstRelative: cimd2.Some(11), ValidityRelative: cimd2.Some(23)}, time.Hour, 2 * time.Hour, nil},
			{cimd2.Submit{FirstRelative: cimd2.Some(-1), ValidityRelative: cimd2.Some(-1)}, 0, 0, nil},
			{cimd2.Submit{FirstAbsolute: "991231000000"}, 0, 0, nil}, // 2099
			{cimd2.Submit{ValidityAbsolute: "000101000000"}, 0, 0, cimd2.ErrValidity},
			{cimd2.Submit{FirstAbsolute: "000101030000", ValidityAbsolute: "000101020000"}, 0, 0, cimd2.ErrValidity},
		} {
			m := test.m
			m.Destinations, m.UserData = []string{"46701234567"}, cimd2.UserData{Data: []byte("x")}
			_, err := cimd2Do(t, c, &m)
			if test.want != nil || err != nil {
				if !errors.Is(err, test.want) {
					t.Errorf("%+v: %v, want %v", test.m, err, test.want)
				}
				continue
			}
			s := b.gateway.taken()[0]
			if test.at != 0 && !s.SendAt.Equal(now.Add(test.at)) || s.Validity != test.validity {
				t.Errorf("%+v: at %s for %s", test.m, s.SendAt, s.Validity)
			}
		}
	})
}

func TestCIMD2Receipts(t *testing.T) {
	t.Parallel()
	for mask, want := range map[int]message.Receipts{
		0: 0, 1: message.ReceiptIntermediate, 2: message.ReceiptFailure, 4: message.ReceiptFailure, 8: message.ReceiptSuccess,
		14: message.ReceiptFinal, 63: message.ReceiptFinal | message.ReceiptIntermediate, 16: 0,
	} {
		if got := cimd2Receipts(cimd2.Some(mask)); got != want {
			t.Errorf("056 of %d: %v, want %v", mask, got, want)
		}
	}
	if got := cimd2Receipts(cimd2.Optional{}); got != 0 {
		t.Errorf("without 056: %v", got)
	}
}

// TestCIMD2Several: a message to several destinations is a batch with an outcome for each.
func TestCIMD2Several(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		b.gateway.fail = func(s *gateway.Submission) *message.Failure {
			if strings.HasSuffix(s.ToAddr.Number, "2") {
				return message.Fail(message.BadRecipient, "to", "no")
			}
			return nil
		}
		got := cimd2Sent(t, c, cimd2Text("x", "46701234561", "46701234562", "46701234561"))
		if got[0].Timestamp == "" || got[0].Error != 0 || got[1].Error != cimd2.ErrDestination || got[1].Timestamp != "" || got[2].Timestamp == got[0].Timestamp {
			t.Errorf("%+v", got)
		}
		if subs := b.gateway.taken(); len(subs) != 3 || !subs[0].Batch || subs[0].Receipts != message.ReceiptFinal || subs[0].Target.Account != "acme" {
			t.Errorf("%+v", subs)
		}
		if _, err := cimd2Do(t, c, cimd2Text("x", "46701234562")); !errors.Is(err, cimd2.ErrDestination) {
			t.Errorf("one that fails: %v", err)
		}
	})
}

// TestCIMD2Many: so many destinations are taken as the answer has room for; of more none is.
func TestCIMD2Many(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		many := func(n int) *cimd2.Submit {
			m := cimd2Text("x")
			for i := range n {
				m.Destinations = append(m.Destinations, fmt.Sprintf("4670%07d", i))
			}
			return m
		}
		if got := cimd2Sent(t, c, many(100)); got[99].Timestamp == "" {
			t.Errorf("%+v", got)
		}
		if n := len(b.gateway.taken()); n != 100 {
			t.Errorf("%d messages", n)
		}
		b.gateway.fail = func(*gateway.Submission) *message.Failure { return message.Fail(message.BadSender, "from", "no") }
		for _, r := range cimd2Sent(t, c, many(113)) {
			if r.Error != cimd2.ErrOriginator {
				t.Fatalf("%+v", r)
			}
		}
		b.gateway.taken()
		if _, err := cimd2Do(t, c, many(200)); !errors.Is(err, cimd2.ErrDestinationCount) {
			t.Errorf("%v", err)
		}
		if n := len(b.gateway.taken()); n != 0 {
			t.Errorf("%d messages were taken that are refused", n)
		}
	})
}

func TestCIMD2Codes(t *testing.T) {
	cimd2Test(t, func(t *testing.T, b cimd2Bench) {
		c := b.mustLogin()
		for _, test := range []struct {
			kind  message.FailureKind
			field string
			want  cimd2.ErrorCode
		}{
			{message.BadRecipient, "to", cimd2.ErrDestination},
			{message.NotOpened, "to", cimd2.ErrDestination},
			{message.BadSender, "from", cimd2.ErrOriginator},
			{message.BadContent, "text", cimd2.ErrUserData},
			{message.BadContent, "validity", cimd2.ErrValidity},
			{message.BadContent, "send_at", cimd2.ErrFirstDelivery},
			{message.Throttled, "", cimd2.ErrCongestion},
			{message.Stopping, "", cimd2.ErrSystem},
			{message.NoMoney, "", cimd2.ErrUnsupportedParameter},
		} {
			b.gateway.fail = func(*gateway.Submission) *message.Failure { return message.Fail(test.kind, test.field, "because") }
			if _, err := cimd2Do(t, c, cimd2Text("x", "46701234567")); !errors.Is(err, test.want) {
				t.Errorf("%v of %q: %v, want %v", test.kind, test.field, err, test.want)
			}
		}
	})
}
