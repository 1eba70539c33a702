package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"kurir/gsm"
	"kurir/smpp"
)

// modemNetwork is the network of one simulated modem: it is to the SMSC what an
// ESME is, so that phones, fates and receipts are the same as for all others.
type modemNetwork struct {
	sim    *Simulator
	modem  *Modem
	number string // of the SIM, without +

	// Guarded by the lock of the simulator.
	pty  *PTY   // nil while it is not plugged in
	link string // that it had last

	mu      sync.Mutex
	session *smpp.Session // nil: there is none
	open    []modemOpen   // for which status reports are owed, oldest first
}

// modemOpen is a message whose status report is still to come.
type modemOpen struct {
	id        string
	reference uint8
	to        gsm.Address
	sent      time.Time
}

// overModem is what texts on the phones came over that a modem has sent.
const overModem = "GSM modem"

// modemAnswer is how long the network takes at most to answer a modem.
const modemAnswer = 30 * time.Second

// maxModemOpen is how many status reports may be owed to one modem: references have 8 bits.
const maxModemOpen = 256

// AddModem makes a modem whose network is this SMSC: what it sends goes to the
// phones, with their fates, and what phones write to its number comes in at it.
// Without a number it gets one. The simulator must run.
func (s *Simulator) AddModem(opt ModemOptions) (*Modem, error) {
	if s.running == nil {
		return nil, errors.New("the simulator does not run")
	}
	s.mu.Lock()
	if opt.Number == "" {
		opt.Number = fmt.Sprintf("+4673700%04d", len(s.modems)+1)
	}
	n := &modemNetwork{sim: s, number: phoneNumber(opt.Number)}
	if len(n.number) > 14 || n.number == "" || strings.Trim(n.number, "0123456789") != "" || s.modems[n.number] != nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("a modem has a number of its own of at most 14 digits, not %q", opt.Number)
	}
	opt.Send = n.send
	n.modem = NewModem(opt)
	s.modems[n.number] = n
	s.mu.Unlock()
	d := &smpp.Dialer{
		Hosts: []string{"the simulator itself"}, Bind: smpp.Bind{Mode: smpp.Transceiver, SystemID: n.account(), Version: smpp.Version34},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			s.wg.Go(func() { s.serveInner(theirs) })
			return ours, nil
		},
		Session: smpp.SessionConfig{Window: 100, ResponseTimeout: modemAnswer}, MaxDelay: 5 * time.Second,
	}
	bound := make(chan struct{})
	var once sync.Once
	s.wg.Go(func() {
		d.Keep(s.running, n, func(ss *smpp.Session, _ *smpp.BindResp, err error) {
			n.mu.Lock()
			defer n.mu.Unlock()
			if n.session = ss; err != nil {
				n.session = nil
			}
			once.Do(func() { close(bound) })
		})
	})
	<-bound
	return n.modem, nil
}

// AttachModem puts a modem on a pseudo-terminal, with a link to it unless that is
// empty, until the simulator ends or the modem is unplugged.
func (s *Simulator) AttachModem(m *Modem, link string) (*PTY, error) {
	pty, err := OpenPTY(link)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	n := s.modems[phoneNumber(m.Number())]
	if n != nil {
		n.pty, n.link = pty, link
	}
	s.mu.Unlock()
	stop := context.AfterFunc(s.running, func() { _ = pty.Close() })
	line := m.connect(pty) // so that it can be unplugged from now on
	s.wg.Go(func() {
		line.serve()
		stop()
		s.mu.Lock()
		defer s.mu.Unlock()
		if n != nil && n.pty == pty { // else it was plugged in elsewhere meanwhile
			n.pty = nil
		}
	})
	return pty, nil
}

// ListenModem serves a modem on an address of this machine, as a serial server
// does, until the simulator ends: for where there are no pseudo-terminals. It
// gives the address. Of several connections the last one has the modem.
func (s *Simulator) ListenModem(m *Modem, address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("the modem cannot listen on %s: %w", address, err)
	}
	context.AfterFunc(s.running, func() { _ = l.Close() })
	s.wg.Go(func() {
		s.acceptAll(l, func(conn net.Conn) {
			defer context.AfterFunc(s.running, func() { _ = conn.Close() })()
			m.Serve(conn)
		})
	})
	return l.Addr().String(), nil
}

// account is the name of its account at the SMSC.
func (n *modemNetwork) account() string { return "m" + n.number }

// serveInner serves a connection of the simulator's own, which may bind as anybody.
func (s *Simulator) serveInner(conn net.Conn) {
	s.serveAs(&session{sim: s, host: s.hosts[0], conn: conn, opened: time.Now(), gone: make(chan struct{}), inner: true}, nil)
}

// modemAccount is the account of the modem with a number; empty when there is none.
func (s *Simulator) modemAccount(number string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.modems[phoneNumber(number)]; n != nil {
		return n.account()
	}
	return ""
}

// send gives a message to the SMSC, and its answer as a code of +CMS ERROR.
func (n *modemNetwork) send(_ *Modem, p *gsm.Submit, reference uint8) int {
	n.mu.Lock()
	session := n.session
	n.mu.Unlock()
	if session == nil {
		return 38
	}
	body := &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: phoneAddress(n.number), Dest: smpp.Address{TON: p.To.TON, NPI: p.To.NPI, Addr: p.To.Number},
		ProtocolID: p.Protocol, DataCoding: gsm.ParseDataCoding(p.Coding).SMPP(), Text: append(append([]byte(nil), p.Header...), p.Payload...),
	}}
	if len(p.Header) > 0 {
		body.ESMClass = smpp.ESMUDHI
	}
	if p.StatusReport {
		body.RegisteredDelivery = smpp.ReceiptFinal
	}
	now := time.Now()
	if end, ok := p.Validity.End(now); ok && end.Year() < 2100 {
		body.Validity = string(smpp.AppendTime(nil, end.UTC()))
	}
	c := &modemCall{open: modemOpen{"", reference, p.To, now}, code: make(chan int, 1)}
	if taken, err := session.Send([]smpp.Request{{Body: body, Ref: c}}); err != nil || taken == 0 {
		return 38
	}
	return <-c.code
}

// modemCall is a message whose answer send waits for.
type modemCall struct {
	open modemOpen
	code chan int // of +CMS ERROR
}

// Responses takes the answers to what was sent. A receipt may come right behind.
func (n *modemNetwork) Responses(_ *smpp.Session, responses []smpp.Response) {
	for i := range responses {
		r := &responses[i]
		c, ok := r.Ref.(*modemCall)
		if !ok {
			continue
		}
		switch resp, taken := r.PDU.Body.(*smpp.SubmitSMResp); {
		case errors.Is(r.Err, smpp.ErrResponseTimeout):
			c.code <- 332
		case r.Err != nil:
			c.code <- 38
		case r.PDU.Status != smpp.ESME_ROK || !taken:
			c.code <- cmsCode(r.PDU.Status)
		default:
			c.open.id = resp.MessageID
			n.mu.Lock()
			if n.open = append(n.open, c.open); len(n.open) > maxModemOpen {
				n.open = n.open[1:]
			}
			n.mu.Unlock()
			c.code <- 0
		}
	}
}

// cmsCode is what a phone is told where an ESME sees a command_status.
func cmsCode(s smpp.Status) int {
	switch s {
	case smpp.ESME_RTHROTTLED, smpp.ESME_RMSGQFUL:
		return 42
	case smpp.ESME_RINVDSTADR:
		return 1
	case smpp.ESME_RSYSERR:
		return 41
	case smpp.ESME_RINVSRCADR:
		return 28
	case smpp.ESME_RINVEXPIRY:
		return 199
	case smpp.ESME_RINVDCS:
		return 144
	}
	return 21
}

// Requests takes what the SMSC has for the modem: receipts and texts of phones.
func (n *modemNetwork) Requests(s *smpp.Session, requests []smpp.PDU) {
	var answers []smpp.PDU
	for i := range requests {
		p := &requests[i]
		answer := smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence}
		switch body := p.Body.(type) {
		case *smpp.DeliverSM:
			n.deliver(body)
		case *smpp.DataSM:
			n.deliver(&smpp.DeliverSM{ShortMessage: *shortMessage(body)})
		case *smpp.AlertNotification:
			continue
		}
		answers = append(answers, answer)
	}
	_ = s.Respond(answers) // of a session that has ended it comes again
}

// deliver gives one message or receipt to the modem.
func (n *modemNetwork) deliver(d *smpp.DeliverSM) {
	if r, ok := smpp.ReceiptFrom(d); ok && d.ESMClass&(smpp.ESMReceipt|smpp.ESMIntermediate) != 0 {
		n.report(d, &r)
		return
	}
	coding, _ := gsm.ParseSMPPDataCoding(d.DataCoding, gsm.GSM7)
	u := gsm.UserData{Protocol: d.ProtocolID, Payload: d.Message()}
	if d.ESMClass&smpp.ESMUDHI != 0 {
		if _, rest, err := gsm.ParseHeader(u.Payload); err == nil {
			u.Header, u.Payload = u.Payload[:len(u.Payload)-len(rest)], rest
		}
	}
	if coding.Encoding == gsm.Latin1 { // which is not on the air
		coding.Encoding, u.Payload = gsm.UCS2, gsm.AppendUCS2(nil, gsm.DecodeLatin1(u.Payload))
	}
	u.Coding = coding.Octet()
	from := gsm.Address{TON: d.Source.TON, NPI: d.Source.NPI, Number: d.Source.Addr}
	if err := n.modem.Receive(&gsm.Deliver{From: from, Time: time.Now(), UserData: u}); err != nil {
		n.sim.log.Debug("a text does not fit for a modem", "error", err)
	}
}

// report makes a status report of a receipt: for the message of its id, else for the last one to its phone.
func (n *modemNetwork) report(d *smpp.DeliverSM, r *smpp.Receipt) {
	n.mu.Lock()
	at := -1
	for i, o := range n.open {
		if o.id == r.ID || o.to.Number == d.Source.Addr && (at < 0 || n.open[at].id != r.ID) {
			at = i
		}
	}
	if at < 0 {
		n.mu.Unlock()
		return
	}
	o := n.open[at]
	status := deliveryStatus(r.State)
	if status.Final() {
		n.open = append(n.open[:at], n.open[at+1:]...)
	}
	n.mu.Unlock()
	n.modem.Report(&gsm.StatusReport{Reference: o.reference, To: o.to, Sent: o.sent, Done: time.Now(), Status: status})
}

// deliveryStatus is the state of a message as a phone is told it.
func deliveryStatus(s smpp.MessageState) gsm.DeliveryStatus {
	switch s {
	case smpp.MessageDelivered:
		return 0x00
	case smpp.MessageAccepted:
		return 0x01
	case smpp.MessageEnroute:
		return 0x22
	case smpp.MessageRejected:
		return 0x42
	case smpp.MessageUndeliverable:
		return 0x43
	case smpp.MessageExpired:
		return 0x46
	case smpp.MessageDeleted:
		return 0x48
	}
	return 0x65 // unknown
}
