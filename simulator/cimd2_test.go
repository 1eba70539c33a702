package simulator

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/wire"
)

func TestCIMD2Login(t *testing.T) {
	t.Parallel()
	opt := Options{SystemID: "acme", Password: "secret", Behaviour: Behaviour{Binds: 2}}
	inBubble(t, opt, func(t *testing.T, s *Simulator) {
		if _, err := cimd2LogIn(t, s, "wrong", cimd2.Config{}); !errors.Is(err, cimd2.ErrLogin) {
			t.Errorf("a wrong password: %v", err)
		}
		for range 2 {
			if _, err := cimd2LogIn(t, s, "secret", cimd2.Config{Window: 20}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := cimd2LogIn(t, s, "secret", cimd2.Config{}); !errors.Is(err, cimd2.ErrTooManyUsers) {
			t.Errorf("a third session of two: %v", err)
		}
		list := s.Sessions()
		if len(list) != 2 || list[0].Protocol != "CIMD2" || list[0].SystemID != "acme" || list[0].Mode != "transceiver" {
			t.Errorf("%+v", list)
		}
		synctest.Wait()
		if st := s.Stats(); st.Binds != 2 || st.BindsRefused != 2 || st.Receivers != 2 {
			t.Errorf("%+v", st)
		}
	})
}

func TestCIMD2Submit(t *testing.T) {
	t.Parallel()
	withCIMD2(t, Options{}, func(t *testing.T, s *Simulator, a *cimd2App) {
		results := a.submit(cimd2Text("Hej åäö_€[]", "+46701234567"))
		now := time.Now().UTC().Format("060102150405")
		if len(results) != 1 || results[0].Destination != "+46701234567" || results[0].Timestamp != now || results[0].Error != 0 {
			t.Fatalf("%+v", results)
		}
		reports := a.reports()
		if len(reports) != 1 || reports[0].Destination != "+46701234567" || reports[0].Timestamp != now || reports[0].Status != cimd2.StatusDelivered ||
			reports[0].Discharge != now || reports[0].Reason() != 0 {
			t.Errorf("%+v", reports)
		}
		ph, ok := s.Phone("46701234567", 10)
		if !ok || ph.Texts[0].Text != "Hej åäö_€[]" || ph.Texts[0].Peer != "600" {
			t.Errorf("%+v", ph)
		}
		if again := a.submit(cimd2Text("x", "+46701234567", "46708888888")); again[0].Timestamp == now || again[1].Timestamp != now {
			t.Errorf("timestamps: %+v, the first was %s", again, now)
		}
		a.take()
		list := s.Messages(Filter{})
		if len(list) != 3 || list[0].Alias != "+46701234567:"+now || list[0].Text != "Hej åäö_€[]" || len(list[0].TLVs) != 0 {
			t.Errorf("%+v", list)
		}
		synctest.Wait()
		if st := s.Stats(); st.Submitted != 3 || st.Accepted != 3 || st.Receipts != 3 || st.Acked != 3 {
			t.Errorf("%+v", st.Counts)
		}
	})
}

func TestCIMD2Contents(t *testing.T) {
	t.Parallel()
	withCIMD2(t, Options{}, func(t *testing.T, s *Simulator, a *cimd2App) {
		ucs2 := &cimd2.Submit{Destinations: []string{"46701"}, AlphaOriginator: "Kurir", Coding: cimd2.Some(8), UserData: cimd2.UserData{Binary: true, Data: gsm.AppendUCS2(nil, "Привет")}}
		flash := cimd2Text("now", "46702")
		flash.Coding, flash.Protocol, flash.Priority = cimd2.Some(0x10), cimd2.Some(64), cimd2.Some(1)
		packed := &cimd2.Submit{Destinations: []string{"46703"}, UserData: cimd2.UserData{Binary: true, Data: gsm.Pack(nil, []byte("packed"), 0)}}
		a.submit(ucs2)
		a.submit(flash)
		a.submit(packed)
		for i, part := range []string{"one and ", "two"} {
			m := cimd2Text(part, "46704")
			m.Header = []byte{5, 0, 3, 9, 2, byte(i + 1)}
			a.submit(m)
		}
		for number, want := range map[string]Text{
			"46701": {Text: "Привет", Peer: "Kurir", Parts: 1}, "46702": {Text: "now", Peer: "600", Parts: 1, Flash: true},
			"46703": {Text: "packed", Peer: "acme", Parts: 1}, "46704": {Text: "one and two", Peer: "600", Parts: 2},
		} {
			ph, _ := s.Phone(number, 10)
			if len(ph.Texts) != 1 {
				t.Fatalf("%s: %+v", number, ph)
			}
			got := ph.Texts[0]
			got.Time, got.ID = time.Time{}, ""
			want.Over = "CIMD2"
			if got != want {
				t.Errorf("%s shows %+v, want %+v", number, got, want)
			}
		}
		m := s.Messages(Filter{To: "46702"})[0]
		if m.Priority != 3 || m.ProtocolID != 64 || m.RegisteredDelivery != 0x11 {
			t.Errorf("%+v", m)
		}
		wrong := cimd2Text("x", "46705")
		wrong.Coding = cimd2.Some(8)
		if err := a.ask(wrong).Refused(); !errors.Is(err, cimd2.ErrCoding) {
			t.Errorf("septets said to be UCS-2: %v", err)
		}
	})
}

// A message is told what was asked for, by the bits of the status report request.
func TestCIMD2Reports(t *testing.T) {
	t.Parallel()
	withCIMD2(t, Options{}, func(t *testing.T, s *Simulator, a *cimd2App) {
		for _, c := range []struct {
			to      string
			reports cimd2.Optional
			want    []cimd2.Status
		}{
			{"46701234567", cimd2.Optional{}, nil},
			{"46701234567", cimd2.Some(0), nil},
			{"46701234567", cimd2.Some(4), nil},
			{"46701234567", cimd2.Some(8), []cimd2.Status{cimd2.StatusDelivered}},
			{"4670123499605", cimd2.Some(8), nil},
			{"4670123499605", cimd2.Some(4), []cimd2.Status{cimd2.StatusFailed}},
			{"4670123499603", cimd2.Some(4), nil},
			{"4670123499603", cimd2.Some(2), []cimd2.Status{cimd2.StatusExpired}},
			{"4670123499502", cimd2.Some(8), []cimd2.Status{cimd2.StatusDelivered, cimd2.StatusDelivered}},
			{"4670123499512", cimd2.Some(9), []cimd2.Status{cimd2.StatusInProcess, cimd2.StatusDelivered}},
			{"4670123499503", cimd2.Some(63), []cimd2.Status{cimd2.StatusDelivered}},
		} {
			m := cimd2Text("x", c.to)
			m.Reports = c.reports
			at := a.submit(m)[0].Timestamp
			time.Sleep(3 * time.Second)
			var got []cimd2.Status
			for _, r := range a.reports() {
				if got = append(got, r.Status); r.Timestamp != at || r.Destination != c.to {
					t.Errorf("%s: the report is about %s:%s, the message was %s", c.to, r.Destination, r.Timestamp, at)
				}
			}
			if len(got) != len(c.want) || len(got) > 0 && (got[0] != c.want[0] || got[len(got)-1] != c.want[len(got)-1]) {
				t.Errorf("%s with %d: %v, want %v", c.to, c.reports.Value, got, c.want)
			}
		}
		if err := s.SetPhone("46709", PhoneRefusing, 0); err != nil {
			t.Fatal(err)
		}
		a.submit(cimd2Text("x", "46709"))
		if r := a.reports(); len(r) != 1 || r[0].Status != cimd2.StatusFailed || r[0].Reason() != 20 {
			t.Errorf("%+v", r)
		}
	})
}

func TestCIMD2Fates(t *testing.T) {
	t.Parallel()
	withCIMD2(t, Options{}, func(t *testing.T, s *Simulator, a *cimd2App) {
		for to, code := range map[string]cimd2.ErrorCode{"4670123499010": cimd2.ErrCongestion, "4670123499100": cimd2.ErrLogin, "4670123499309": cimd2.ErrSystem, "4670123499310": cimd2.ErrCongestion} {
			if err := a.ask(cimd2Text("x", to)).Refused(); !errors.Is(err, code) {
				t.Errorf("%s: %v, want %v", to, err, code)
			}
		}
		results := a.submit(cimd2Text("x", "46701", "4670123499005", "46702"))
		if len(results) != 3 || results[0].Error != 0 || results[1].Error != cimd2.ErrNoResponse || results[2].Timestamp == "" {
			t.Errorf("%+v", results)
		}
		synctest.Wait()
		if st := s.Stats(); st.Statuses["code 5"] != 1 || st.Rejected+st.Throttled != 5 {
			t.Errorf("%+v, %+v", st.Statuses, st.Counts)
		}
		started := time.Now()
		a.submit(cimd2Text("x", "4670123499303"))
		if took := time.Since(started); took != time.Second {
			t.Errorf("answered after %s", took)
		}
		if got := a.submit(cimd2Text("x", "4670123499308")); len(got) != 0 {
			t.Errorf("without an id: %+v", got)
		}
		a.take()
		a.submit(cimd2Text("x", "4670123499506"))
		if r := a.reports(); len(r) != 1 || r[0].Timestamp == time.Now().UTC().Format("060102150405") {
			t.Errorf("a report of a message that there never was: %+v", r)
		}
	})
	for to, reason := range map[string]error{
		"4670123499307": cimd2.ErrNacked, "4670123499401": wire.ErrPeerClosed, "4670123499402": wire.ErrPeerClosed,
		"4670123499403": wire.ErrResponseTimeout, "4670123499404": cimd2.ErrGeneralError,
	} {
		withCIMD2(t, Options{}, func(t *testing.T, _ *Simulator, a *cimd2App) {
			p, err := cimd2.New(cimd2Text("x", to))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = a.s.Send([]cimd2.Request{{PDU: p}})
			time.Sleep(time.Minute)
			synctest.Wait()
			if err := a.s.Err(); !errors.Is(err, reason) {
				t.Errorf("%s: ended by %v, want %v", to, err, reason)
			}
		})
	}
}
