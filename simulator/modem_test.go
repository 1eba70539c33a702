package simulator

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
	"kurir/modem"
	"kurir/smpp"
)

// modemEnd is our end of a modem of the simulator.
type modemEnd struct {
	sim     *Modem
	m       *modem.Modem
	texts   chan modem.Message
	reports chan modem.Report
}

// attach runs our end of a modem until the simulator ends: at a device, or else at a pipe.
func attach(s *Simulator, sim *Modem, devices ...string) *modemEnd {
	var open func(context.Context, string) (io.ReadWriteCloser, error)
	e := &modemEnd{sim: sim, texts: make(chan modem.Message, 100), reports: make(chan modem.Report, 100)}
	if len(devices) == 0 {
		devices = []string{"tcp:x:1"}
		open = func(context.Context, string) (io.ReadWriteCloser, error) {
			ours, theirs := net.Pipe()
			s.wg.Go(func() { sim.Serve(theirs) })
			return ours, nil
		}
	}
	e.m = modem.New(modem.Config{Devices: devices, Open: open})
	ready := make(chan struct{}, 100)
	s.wg.Go(func() {
		defer sim.Unplug()
		e.m.Run(s.running, modem.Handler{
			Message: func(m modem.Message) { m.Ack(nil); e.texts <- m },
			Report:  func(r modem.Report) { r.Ack(nil); e.reports <- r },
			Changed: func(st modem.Status) {
				if st.State == modem.StateReady {
					ready <- struct{}{}
				}
			},
		})
	})
	<-ready
	return e
}

// send sends a text to a number, long ones in parts.
func (e *modemEnd) send(ctx context.Context, to, text string) (sent modem.Sent, err error) {
	segments, err := gsm.AppendSegments(nil, text, gsm.SplitOptions{Reference: 7})
	for _, seg := range segments {
		sent, err = e.m.Send(ctx, modem.Submit{Submit: gsm.Submit{
			To: gsm.Address{TON: gsm.TONInternational, NPI: gsm.NPIISDN, Number: to}, StatusReport: true, Validity: gsm.ValidFor(time.Hour),
			UserData: gsm.UserData{Coding: gsm.Coding(seg.Encoding, gsm.NoClass).Octet(), Header: seg.Header, Payload: seg.Payload},
		}})
	}
	return sent, err
}

// What a modem sends goes to the phones, with their fates, and what they write comes to it.
func TestModemPhones(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{SystemID: "other", Password: "secret"}, func(t *testing.T, s *Simulator) {
		sim, err := s.AddModem(ModemOptions{Number: "+46737000001"})
		if err != nil {
			t.Fatal(err)
		}
		e := attach(s, sim)
		long := "lång text " + strings.Repeat("0123456789", 30)
		for _, text := range []string{"Hej åäö €", "Привет", long} {
			if _, err := e.send(t.Context(), "46701234567", text); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			ph, _ := s.Phone("46701234567", 1)
			if len(ph.Texts) != 1 || ph.Texts[0].Text != text || ph.Texts[0].Peer != "46737000001" {
				t.Errorf("the phone shows %+v", ph.Texts)
			}
		}
		for range 5 { // the long one has three parts
			if r := <-e.reports; r.Status != 0 {
				t.Errorf("%+v", r)
			}
		}
		for to, want := range map[string]int{"467012399011": 1, "467012399020": 42, "467012399088": 42, "467012399008": 41, "467012399300": 332} {
			_, err := e.send(t.Context(), to, "x")
			var refusal *modem.Error
			if !errors.As(err, &refusal) || refusal.Code != want {
				t.Errorf("%s: %v, want %d", to, err, want)
			}
		}
		for to, want := range map[string]gsm.DeliveryStatus{"467012399603": 0x46, "467012399605": 0x43, "467012399608": 0x42, "467012399601": 0x22} {
			sent, err := e.send(t.Context(), to, "x")
			if r := <-e.reports; err != nil || r.Status != want || r.Reference != sent.Reference || r.To.Number != to {
				t.Errorf("%s: %v, report %+v", to, err, r)
			}
		}
		for _, in := range []Inbound{
			{From: "46701234567", Text: "Svar åäö"}, {From: "46709999999", To: "+46737000001", Text: "Привет", Encoding: "auto"}, {From: "46709999999", To: "46737000001", Text: "latin", Encoding: "latin1"},
		} {
			if err := s.Inject(in); err != nil {
				t.Fatal(err)
			}
			m := <-e.texts
			if text, _ := m.Text(); text != in.Text || m.From.String() != "+"+in.From {
				t.Errorf("%+v, text %q", m, text)
			}
		}
		if _, err := s.AddModem(ModemOptions{Number: "+46737000001"}); err == nil {
			t.Error("a second modem has the same number")
		}
		e.sim.SetNetwork(2, 99)
		if _, err := e.send(t.Context(), "46701234567", "x"); err == nil {
			t.Error("sent without coverage")
		}
	})
}

// What a phone writes to another number than the modem's is for others, bound or not, also when the modem wrote to it last.
func TestModemNotWrittenTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sim, err := s.AddModem(ModemOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := attach(s, sim).send(t.Context(), "46701234567", "hello"); err != nil {
			t.Fatal(err)
		}
		s.named("acme")
		if err := s.Inject(Inbound{From: "46701234567", To: "46737494949", Text: "for acme"}); err != nil || s.Stats().Waiting != 1 {
			t.Errorf("%v, %d wait", err, s.Stats().Waiting)
		}
	})
}

// TestModemStoresReports: a modem that has been told to store status reports (3GPP TS 27.005 3.4.1) does so while its program is
// away, which finds them when it is back.
func TestModemStoresReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sim := NewModem(ModemOptions{})
		attach(s, sim)
		sim.Unplug()
		synctest.Wait()
		sim.Report(&gsm.StatusReport{Reference: 9, To: gsm.Address{TON: gsm.TONInternational, NPI: gsm.NPIISDN, Number: "46701"}})
		if r := <-attach(s, sim).reports; r.Reference != 9 {
			t.Errorf("%+v", r)
		}
	})
}

// On a pseudo-terminal, opened as a device; pulled out and put in again under the same name.
func TestModemPTY(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	link := filepath.Join(t.TempDir(), "modem")
	sim, err := s.AddModem(ModemOptions{Chatty: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AttachModem(sim, link); err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	states := make(chan modem.Status, 1000)
	m := modem.New(modem.Config{Devices: []string{filepath.Join(filepath.Dir(link), "mod*")}, IMEI: "490154203237518"})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		m.Run(ctx, modem.Handler{Changed: func(st modem.Status) { states <- st }})
		close(done)
	}()
	defer func() { stop(); <-done }()
	reach := func(want modem.State) {
		for st := range states {
			if st.State == want {
				return
			}
		}
	}
	reach(modem.StateReady)
	if _, err := modem.OpenDevice(t.Context(), link, 0); err == nil {
		t.Error("a device that is in use is opened")
	}
	sim.Unplug()
	reach(modem.StateDown)
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is still there: %v", err)
	}
	if _, err := s.AttachModem(sim, link); err != nil {
		t.Fatal(err)
	}
	reach(modem.StateReady)
	if _, err := modem.OpenDevice(t.Context(), os.DevNull, 0); err == nil {
		t.Error("what is no serial device is opened")
	}
}

// By the API modems lose and find their network, are pulled out and plugged in.
func TestModemAPI(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sim, err := s.AddModem(ModemOptions{Number: "+46737000001", PIN: "4711"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AttachModem(sim, ""); err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	h := s.Handler()
	call := func(method, path string, want int) string {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
		}
		return w.Body.String()
	}
	if got := call("GET", "/modems", 200); !strings.Contains(got, `"number":"+46737000001"`) || !strings.Contains(got, `"locked":true`) || !strings.Contains(got, "/dev/pts/") {
		t.Errorf("modems %s", got)
	}
	for _, action := range []string{"hang", "wake", "offline", "online", "ring?from=%2B46701234567"} {
		call("POST", "/modems/46737000001/"+action, 204)
	}
	call("POST", "/modems/46737000001/plug", 409)
	call("POST", "/modems/46737000001/dance", 404)
	call("POST", "/modems/46737000002/hang", 404)
	call("POST", "/modems/+46737000001/unplug", 204)
	for strings.Contains(call("GET", "/modems", 200), "/dev/pts/") {
		runtime.Gosched()
	}
	call("POST", "/modems/+46737000001/plug", 204)
	if s.DropLinks() != 0 {
		t.Error("the modem's own connection is dropped")
	}
}

// Behind a serial server.
func TestModemTCP(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sim, err := s.AddModem(ModemOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at, err := s.ListenModem(sim, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := attach(s, sim, "tcp:"+at).send(t.Context(), "46701234567", "over TCP"); err != nil {
		t.Error(err)
	}
	if ph, _ := s.Phone("46701234567", 10); len(ph.Texts) != 1 || ph.Texts[0].Over != "GSM modem" {
		t.Errorf("the phone shows %+v", ph)
	}
}

var _ smpp.Handler = (*modemNetwork)(nil)

// FuzzModem lets anything be said to a simulated modem.
func FuzzModem(f *testing.F) {
	f.Add([]byte("AT\rATE0;+CMEE=1\rAT+CPIN=\"1234\"\rAT+CMGF=0\rAT+CPMS=\"SM\",\"SM\",\"SM\"\rAT+CNMI=2,1,0,1,0\rAT+CMGL=4\rAT+CMGR=0\rAT+CMGD=1,4\r"))
	f.Add([]byte("AT+CMGS=23\r0011000B916407214365F70000A70AE8329BFD4697D9EC37\x1aAT+CMGS=20\r\x1b"))
	f.Add([]byte("AT+CUSD=1,\"*100#\",15\rAT&F\rATZ\rAT+CNMI=?\rAT+CSCA=\"1\"\rAT+CREG=1\rAT+CFUN=1,1\rAT+CSMS=1\rAT+CNMA\r"))
	f.Fuzz(func(t *testing.T, said []byte) {
		m := NewModem(ModemOptions{PIN: "1234", Number: "+46"})
		_ = m.ReceiveText("+46701234567", "hello", gsm.SplitOptions{})
		m.Serve(&saying{said: said})
	})
}

// saying is a connection that says something and then ends.
type saying struct{ said []byte }

func (s *saying) Read(b []byte) (int, error) {
	if len(s.said) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.said)
	s.said = s.said[n:]
	return n, nil
}
func (s *saying) Write(b []byte) (int, error) { return len(b), nil }
func (s *saying) Close() error                { return nil }
