package simulator

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/wire"
)

func TestCIMD2FromPhones(t *testing.T) {
	t.Parallel()
	opt := Options{Zone: time.FixedZone("local", 3600)}
	withCIMD2(t, opt, func(t *testing.T, s *Simulator, a *cimd2App) {
		for text, check := range map[string]func(d *cimd2.Deliver) bool{
			"hello @_€": func(d *cimd2.Deliver) bool {
				return !d.Binary && gsm.DecodeGSM7(d.Data) == "hello @_€" && d.Coding == cimd2.Some(0) && d.Header == nil
			},
			"Привет": func(d *cimd2.Deliver) bool {
				return d.Binary && gsm.DecodeUCS2(d.Data) == "Привет" && d.Coding == cimd2.Some(8)
			},
			strings.Repeat("long ", 40): func(d *cimd2.Deliver) bool { return len(d.Header) == 6 && !d.Binary },
		} {
			if err := s.Inject(Inbound{From: "46701234567", To: "600", Text: text}); err != nil {
				t.Fatal(err)
			}
			got := a.take()
			if len(got) == 0 {
				t.Fatalf("%.10q did not come", text)
			}
			for _, p := range got {
				var d cimd2.Deliver
				if err := p.Read(&d); err != nil || !check(&d) || d.Originator != "+46701234567" || d.Destination != "600" {
					t.Errorf("%.10q: %+v, %v", text, d, err)
				}
				if want := time.Now().UTC().Add(time.Hour).Format("060102150405"); d.Timestamp != want {
					t.Errorf("stamped %s, want %s", d.Timestamp, want)
				}
			}
		}
		synctest.Wait()
		if st := s.Stats(); st.Acked != 4 || st.Inbound != 4 {
			t.Errorf("%+v", st.Counts)
		}
	})
}

// TestCIMD2NumbersWrap: the window stays whole when the numbers begin anew, which are few more than it holds.
func TestCIMD2NumbersWrap(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		a, err := cimd2LogIn(t, s, "secret", cimd2.Config{Alive: -1, Window: 100})
		if err != nil {
			t.Fatal(err)
		}
		a.keepSilent(true)
		for range 250 {
			if err := s.Inject(Inbound{From: "46701234567", To: "600", Text: "hello"}); err != nil {
				t.Fatal(err)
			}
		}
		got := a.take()
		if len(got) != 100 {
			t.Fatalf("%d are under way", len(got))
		}
		for _, p := range got[:60] {
			answer, err := p.Answer(nil)
			if err == nil {
				err = a.s.Respond([]*cimd2.Packet{answer})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if more := a.take(); len(more) != 60 {
			t.Errorf("%d came for 60 answers", len(more))
		}
	})
}

func TestCIMD2Manage(t *testing.T) {
	t.Parallel()
	withCIMD2(t, Options{}, func(t *testing.T, s *Simulator, a *cimd2App) {
		if err := s.SetPhone("46701", PhoneOff, 0); err != nil {
			t.Fatal(err)
		}
		waits, delivered := a.submit(cimd2Text("x", "46701"))[0], a.submit(cimd2Text("y", "46702"))[0]
		a.take()
		for r, want := range map[cimd2.SubmitResult]cimd2.Status{waits: cimd2.StatusInProcess, delivered: cimd2.StatusDelivered} {
			var e cimd2.EnquireResp
			if err := a.ask(&cimd2.Enquire{Destination: r.Destination, Timestamp: r.Timestamp}).Read(&e); err != nil || e.Status != want || e.Timestamp != r.Timestamp {
				t.Errorf("%+v: %+v, %v", r, e, err)
			}
		}
		refused := map[cimd2.ErrorCode]cimd2.Body{
			cimd2.ErrNotFound:               &cimd2.Enquire{Destination: "46703", Timestamp: waits.Timestamp},
			cimd2.ErrFailed:                 &cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelTimestamp), Destination: "46702", Timestamp: delivered.Timestamp},
			cimd2.ErrPasswordChangeDisabled: &cimd2.Set{Password: "new"},
			cimd2.ErrUnsupportedItem:        &cimd2.Get{Item: cimd2.Some(777)},
		}
		for code, body := range refused {
			if err := a.ask(body).Refused(); !errors.Is(err, code) {
				t.Errorf("%+v: %v, want %v", body, err, code)
			}
		}
		cancel := &cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelTimestamp), Destination: waits.Destination, Timestamp: waits.Timestamp}
		if err := a.ask(cancel).Refused(); err != nil {
			t.Error(err)
		}
		if r := a.reports(); len(r) != 1 || r[0].Status != cimd2.StatusCancelled || r[0].Timestamp != waits.Timestamp {
			t.Errorf("%+v", r)
		}
		a.submit(cimd2Text("x", "46701"))
		a.submit(cimd2Text("x", "46701"))
		if err := a.ask(&cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelAll), Destination: "46701"}).Refused(); err != nil || s.Stats().Stored != 0 {
			t.Errorf("%v, %d wait", err, s.Stats().Stored)
		}
		var count cimd2.DeliveryRequestResp
		if err := a.ask(&cimd2.DeliveryRequest{Mode: cimd2.Some(cimd2.RequestCount)}).Read(&count); err != nil || count.Count != cimd2.Some(0) {
			t.Errorf("%+v, %v", count, err)
		}
		var clock cimd2.GetResp
		if err := a.ask(&cimd2.Get{Item: cimd2.Some(int(cimd2.ParamTime))}).Read(&clock); err != nil || clock.Time != time.Now().UTC().Format("060102150405") {
			t.Errorf("%+v, %v", clock, err)
		}
		synctest.Wait()
		if st := s.Stats(); st.Managed != 7 {
			t.Errorf("%d were managed", st.Managed)
		}
	})
}

// What an application cannot keep it answers with a nack, and gets it again.
func TestCIMD2Nacked(t *testing.T) {
	t.Parallel()
	withCIMD2(t, Options{}, func(t *testing.T, s *Simulator, a *cimd2App) {
		a.keepSilent(true)
		if err := s.Inject(Inbound{From: "46701234567", To: "600", Text: "x"}); err != nil {
			t.Fatal(err)
		}
		_ = a.s.Respond([]*cimd2.Packet{cimd2.Empty(cimd2.OpNack, a.take()[0].Seq)})
		a.keepSilent(false)
		time.Sleep(time.Second)
		if got := a.take(); len(got) != 1 || got[0].Op != cimd2.OpDeliver || got[0].Seq != 2 {
			t.Errorf("%v", got)
		}
		synctest.Wait()
		if st := s.Stats(); st.Inbound != 2 || st.Retried != 1 || st.Acked != 1 || st.Unacked != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// Deliveries keep within the window that the login asked for, and what has no answer is delivered on the next connection.
func TestCIMD2Window(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		a, err := cimd2LogIn(t, s, "secret", cimd2.Config{Window: 3, Alive: -1})
		if err != nil {
			t.Fatal(err)
		}
		a.keepSilent(true)
		if err := s.Inject(Inbound{From: "46701234567", To: "600", Text: "{n}", Count: 300}); err != nil {
			t.Fatal(err)
		}
		if got := a.take(); len(got) != 3 || got[0].Seq != 0 || got[2].Seq != 4 {
			t.Errorf("%d came within a window of 3", len(got))
		}
		a.s.Close(nil)
		synctest.Wait()
		if a, err = cimd2LogIn(t, s, "secret", cimd2.Config{Window: 1}); err != nil {
			t.Fatal(err)
		}
		got := a.take()
		if len(got) != 300 || got[127].Seq != 254 || got[128].Seq != 0 {
			t.Fatalf("%d came", len(got))
		}
		synctest.Wait()
		if st := s.Stats(); st.Retried != 3 || st.Acked != 300 || st.Unacked != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// What is answered to octets, with a checksum or without as they have it.
func TestCIMD2Octets(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		go s.ServeCIMD2(theirs)
		var mu sync.Mutex
		var got []byte
		go func() {
			buf := make([]byte, 1024)
			for {
				n, err := ours.Read(buf)
				mu.Lock()
				got = append(got, buf[:n]...)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		}()
		for _, c := range [][2]string{
			{"", "CIMD2-A ConnectionInfo: SessionId = 1\r\n"},
			{"\r\n\x0240:001\t3A\x03", "\x0290:001\t900:1\t901:Unexpected operation\t2F\x03"},
			{"\x0201:003\t010:a\t011:b\t\x03", "\x0251:003\t\x03"},
			{"\x0240:005\t00\x03", "\x0299:005\t\x03"},
			{"\x0240:005\t3E\x03", "\x0290:005\t43\x03"},
			{"\x0203:007\t021:46701\t033:x\t\x03", "\x0253:007\t021:46701\t060:000101000000\t\x03"},
			{"\x0203:007\t021:46701\t033:x\t\x03", "\x0253:007\t021:46701\t060:000101000000\t\x03"},
			{"\x0203:009\t021:4a\t033:x\t\x03", "\x0253:009\t900:300\t901:Incorrect destination address\t\x03"},
			{"\x0203:011\t21\t\x03", "\x0253:011\t900:2\t901:Syntax error\t\x03"},
			{"\x0207:013\t\x03", "\x0257:013\t900:1\t901:Unexpected operation\t\x03"},
			{"\x0202:015\t\x03", "\x0252:015\t\x03"},
		} {
			if _, err := ours.Write([]byte(c[0])); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			mu.Lock()
			if string(got) != c[1] {
				t.Errorf("%q is answered by %q, want %q", c[0], got, c[1])
			}
			got = nil
			mu.Unlock()
		}
		synctest.Wait()
		if st := s.Stats(); st.Submitted != 2 || st.Malformed != 2 || st.Sessions != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// Whatever an application sends, before or after it has logged in: the session ends when the connection does, and what it
// says can be read.
func FuzzCIMD2Session(f *testing.F) {
	const login = "\x0201:001\t010:acme\t011:secret\t019:2\t\x03"
	frame := func(number uint8, body cimd2.Body) string {
		p, err := cimd2.New(body)
		if err != nil {
			f.Fatal(err)
		}
		p.SetNumber(number)
		b, err := cimd2.Append(nil, p)
		if err != nil {
			f.Fatal(err)
		}
		return string(b)
	}
	all := login
	for i := range 9 {
		n := uint8(2*i + 3)
		message := frame(n, cimd2Text("x", "467012"+strconv.Itoa(99000+i*100), "46701"))
		all += message
		f.Add([]byte(message + login + message + message))
	}
	for i, body := range []cimd2.Body{
		&cimd2.Enquire{Destination: "46701", Timestamp: "261121212647"}, &cimd2.DeliveryRequest{}, &cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelAll), Destination: "46701"},
		&cimd2.Set{Password: "x"}, &cimd2.Get{Item: cimd2.Some(501)},
	} {
		all += frame(uint8(101+2*i), body)
	}
	f.Add([]byte(all + "\x0270:000\t\x03\x0299:000\t\x03\x0240:111\tFF\x03\x0202:113\t\x03"))
	f.Fuzz(fuzzCIMD2)
}

func fuzzCIMD2(t *testing.T, octets []byte) {
	s := New(Options{Phones: 2, Stored: 2, Seed: 1})
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		s.ServeCIMD2(theirs)
		close(done)
	}()
	heard := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(ours)
		heard <- b
	}()
	_ = ours.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := ours.Write(octets); err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Error("the session does not read")
		}
	}
	_ = ours.Close()
	<-done
	got := <-heard
	s.wg.Wait()
	for {
		start, end, ok := wire.Next(got, cimd2.MaxPacket)
		if !ok {
			break
		}
		if _, err := cimd2.Decode(got[start:end]); err != nil && !strings.Contains(string(got[start:end]), "no packets") {
			t.Errorf("%q: %v", got[start:end], err)
		}
		got = got[end:]
	}
}
