package simulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

// TestVersions: the lower of both versions holds, and who speaks 3.3 is shown nothing that came later.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		smsc, esme smpp.Version
		shown      int // sc_interface_version; -1: none
		congested  bool
		tlvs       bool // in receipts
	}{
		{smpp.Version50, smpp.Version50, 0x50, true, true},
		{smpp.Version50, smpp.Version34, 0x50, false, true},
		{smpp.Version50, smpp.Version33, -1, false, false},
		{smpp.Version34, smpp.Version50, 0x34, false, true},
		{smpp.Version33, smpp.Version34, -1, false, false},
	} {
		inBubble(t, Options{Version: c.smsc, Behaviour: Behaviour{Congestion: CongestionOf(70)}}, func(t *testing.T, s *Simulator) {
			bound := func(mode smpp.BindMode) *esme {
				e := dial(t, s)
				p := e.ask(&smpp.Bind{Mode: mode, SystemID: "esme", Version: c.esme})
				r, ok := p.Body.(*smpp.BindResp)
				if !ok || p.Status != smpp.ESME_ROK {
					t.Fatalf("%v to %v: %v", c.esme, c.smsc, &p)
				}
				if v, ok := r.Version(); ok != (c.shown >= 0) || ok && int(v) != c.shown {
					t.Errorf("%v to %v: sc_interface_version %v %t", c.esme, c.smsc, v, ok)
				}
				return e
			}
			tx, rx := bound(smpp.Transmitter), bound(smpp.Receiver)
			p := tx.ask(text("46701234567", "x"))
			state, ok := p.Body.(*smpp.SubmitSMResp).TLVs.U8(smpp.TagCongestionState)
			if ok != c.congested || ok && state != 70 {
				t.Errorf("%v to %v: congestion_state %d %t", c.esme, c.smsc, state, ok)
			}
			synctest.Wait()
			d := rx.take()[0].pdu.Body.(*smpp.DeliverSM)
			if len(d.TLVs) > 0 != c.tlvs {
				t.Errorf("%v to %v: receipt with %v", c.esme, c.smsc, d.TLVs)
			}
			if c.smsc == smpp.Version33 {
				if p := dial(t, s).ask(&smpp.Bind{SystemID: "esme", Version: c.esme}); p.Command != smpp.CommandGenericNack || p.Status != smpp.ESME_RINVCMDID {
					t.Errorf("bind_transceiver to 3.3: %v", &p)
				}
			}
		})
	}
}

// TestCongestion: by the load, congestion_state is the share of the rate that is used.
func TestCongestion(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Behaviour: Behaviour{Congestion: CongestionAuto, Rate: 100}}, func(t *testing.T, s *Simulator) {
		e := dial(t, s)
		e.ask(&smpp.Bind{SystemID: "esme", Version: smpp.Version50})
		last := func(rate int) (state uint8) {
			for range 3 * rate {
				e.send(text("46701234567", "x"))
				time.Sleep(time.Second / time.Duration(rate))
			}
			synctest.Wait()
			for _, c := range e.take() {
				if r, ok := c.pdu.Body.(*smpp.SubmitSMResp); ok {
					state, _ = r.TLVs.U8(smpp.TagCongestionState)
				}
			}
			return state
		}
		for _, c := range []struct {
			rate        int
			least, most uint8
		}{{20, 18, 22}, {80, 76, 84}, {98, 90, 99}} {
			if got := last(c.rate); got < c.least || got > c.most {
				t.Errorf("at %d of 100 a second: %d", c.rate, got)
			}
		}
		b := *s.Behaviour()
		b.Rate = 0 // lifted while it runs
		b.RateStatus = smpp.ESME_RMSGQFUL
		if err := s.SetBehaviour(b); err != nil {
			t.Fatal(err)
		}
		if got := last(500); got != 0 || s.Stats().Throttled != 0 {
			t.Errorf("without a rate: %d, throttled %d", got, s.Stats().Throttled)
		}
		b.Rate = 50
		if err := s.SetBehaviour(b); err != nil {
			t.Fatal(err)
		}
		last(100)
		if st := s.Stats(); st.Statuses["ESME_RMSGQFUL"] == 0 || st.Statuses["ESME_RTHROTTLED"] != 0 {
			t.Errorf("statuses %v", st.Statuses)
		}
	})
}

// TestHalfOpen: frozen connections are silent in both directions and count as bound until they are cut.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Behaviour: Behaviour{Binds: 1}}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		if n := s.FreezeLinks(time.Minute); n != 1 {
			t.Errorf("%d links frozen", n)
		}
		e.send(&smpp.EnquireLink{})
		synctest.Wait()
		time.Sleep(30 * time.Second)
		if got := e.take(); len(got) > 0 || e.isClosed() {
			t.Errorf("a half-open peer says %v, closed %t", got, e.isClosed())
		}
		if p := dial(t, s).ask(&smpp.Bind{SystemID: "esme"}); p.Status != smpp.ESME_RALYBND {
			t.Errorf("while the old session is there: %v", p.Status)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !e.isClosed() {
			t.Error("the link is not cut")
		}
		bind(t, s, smpp.Transceiver)
		if st := s.Stats(); st.Binds != 2 || st.BindsRefused != 1 {
			t.Errorf("binds %d, refused %d", st.Binds, st.BindsRefused)
		}
	})
}

// TestAlert: who asked for it by set_dpf is told when the phone is back, and anybody on demand.
func TestAlert(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		const number = "46701299801"
		body := &smpp.DataSM{Source: smpp.Address{Addr: "46737494949"}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: number}}
		body.TLVs.SetU8(smpp.TagSetDPF, 1)
		body.TLVs.Set(smpp.TagMessagePayload, []byte("x"))
		p := e.ask(body)
		if n, ok := p.Body.(*smpp.DataSMResp).TLVs.U8(smpp.TagDPFResult); !ok || n != 1 {
			t.Errorf("dpf_result %d %t", n, ok)
		}
		alerts := func() (n int) {
			synctest.Wait()
			for _, c := range e.take() {
				if a, ok := c.pdu.Body.(*smpp.AlertNotification); ok && a.Source.Addr == number {
					n++
				}
			}
			return n
		}
		s.SetPhone(number, PhoneOn, 0)
		if alerts() != 1 {
			t.Error("no alert_notification for a phone that is back")
		}
		if err := s.Alert(number, ""); err != nil || alerts() != 1 {
			t.Errorf("no alert_notification on demand: %v", err)
		}
		e.submitted(text("46701234567", "x")) // numbers of requests go on
		if err := s.Alert(number, "nobody"); err == nil {
			t.Error("an alert for an account without a session")
		}
	})
}

// TestHosts: several addresses, each numbering for itself; TLS with certificates of clients; counts per session.
func TestHosts(t *testing.T) {
	t.Parallel()
	client := New(Options{SMPP: "tls://127.0.0.1:0"}) // its certificate is the client's
	if err := client.loadTLS(); err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, client.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(Options{SMPP: "127.0.0.1:0", Hosts: []string{"127.0.0.1:0", "tls://127.0.0.1:0"}, IDsPerHost: true, ClientCA: ca})
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Certificate())
	conf := &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", Certificates: client.tls.Certificates}
	var ids []string
	for i := range s.Hosts() {
		conn, err := net.Dial("tcp", s.HostAddr(i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			conn = tls.Client(conn, conf)
		}
		defer conn.Close()
		exchange(t, conn, &smpp.Bind{Mode: smpp.Transmitter, SystemID: "esme", Version: smpp.Version34})
		p := exchange(t, conn, text("46701234567", "x"))
		ids = append(ids, p.Body.(*smpp.SubmitSMResp).MessageID)
		if q := exchange(t, conn, &smpp.QuerySM{MessageID: ids[i]}); q.Status != smpp.ESME_ROK {
			t.Errorf("query_sm at host %d: %v", i, q.Status)
		}
	}
	if ids[0] != ids[1] || ids[0] != ids[2] {
		t.Errorf("ids %v, want the same at each host", ids)
	}
	seen := 0
	for _, d := range s.Sessions() {
		if d.Counts.Accepted == 1 && (d.Host != 2) == (d.TLS == "") && (d.Host != 2 || d.Client == systemID) {
			seen++
		}
	}
	if seen != 3 {
		t.Errorf("sessions %+v", s.Sessions())
	}
	stranger, err := tls.Dial("tcp", s.HostAddr(2), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	if err == nil {
		stranger.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err = stranger.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("a client without a certificate: %v", err)
		}
		stranger.Close()
	}
	s.StopListening(1)
	if c, err := net.Dial("tcp", s.HostAddr(1)); err == nil {
		c.Close()
		t.Error("a stopped host takes connections")
	}
	if c, err := net.Dial("tcp", s.HostAddr(0)); err != nil {
		t.Errorf("the other host: %v", err)
	} else {
		c.Close()
	}
	if err := s.StartListening(1); err != nil {
		t.Error(err)
	}
}

// TestOutbind: the SMSC connects, says who it is, and serves the bind that follows.
func TestOutbind(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := New(Options{})
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Outbind(t.Context(), Outbind{Address: l.Addr().String(), SystemID: "smsc", Password: "secret"}); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := readPDU(t, conn)
	if o, ok := p.Body.(*smpp.Outbind); !ok || o.SystemID != "smsc" || o.Password != "secret" {
		t.Fatalf("got %v", &p)
	}
	if p := exchange(t, conn, &smpp.Bind{Mode: smpp.Receiver, SystemID: "esme", Version: smpp.Version34}); p.Status != smpp.ESME_ROK {
		t.Errorf("bind after outbind: %v", p.Status)
	}
}

// exchange sends a request over a real connection and reads its answer.
func exchange(t *testing.T, conn net.Conn, body smpp.Body) smpp.PDU {
	t.Helper()
	b, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	return readPDU(t, conn)
}

func readPDU(t *testing.T, conn net.Conn) (p smpp.PDU) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	frame := make([]byte, smpp.HeaderLen)
	if _, err := io.ReadFull(conn, frame); err != nil {
		t.Fatal(err)
	}
	h := smpp.ParseHeader(frame)
	frame = append(frame, make([]byte, int(h.Length)-smpp.HeaderLen)...)
	if _, err := io.ReadFull(conn, frame[smpp.HeaderLen:]); err != nil {
		t.Fatal(err)
	}
	if err := smpp.Decode(frame, &p); err != nil {
		t.Fatal(err)
	}
	return p
}
