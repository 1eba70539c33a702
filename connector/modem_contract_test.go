package connector

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/simulator"
)

// TestModemContract holds links of GSM modems to the contract.
func TestModemContract(t *testing.T) {
	t.Parallel()
	modemKind().run(t)
}

func modemTestConfig() ModemConfig {
	return ModemConfig{
		Named: Named{Name: "gsm"}, Modems: []ModemDevice{{Devices: []string{"tcp:pipe:1"}, Number: "+46737000001"}}, Lookahead: 3,
		Check: contractEnquire, ResponseTimeout: contractAnswer, SendTimeout: contractAnswer,
	}
}

// modemIDs are the names by which the operators of a test know the ids of the connector.
type modemIDs struct {
	mu    sync.Mutex
	names map[string]string
}

func (n *modemIDs) set(reference uint8, to, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[modemID("240080000000001", reference, to)] = name
}

func (n *modemIDs) get(id string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.names[id]
}

func modemKind() contractKind {
	ids := &modemIDs{names: map[string]string{}}
	return contractKind{
		name: "modem", slow: true, window: 1, lookahead: 3, id: ids.get, lacks: []message.FailureKind{message.BadSender},
		make: func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector {
			p := NewModemPool(modemTestConfig(), NewShared(), nil)
			p.Open = func(ctx context.Context, device string) (io.ReadWriteCloser, error) { return dial(ctx, "tcp", device) }
			return p
		},
		serve: func(_ *testing.T, conn net.Conn) operator { return newModemNetwork(conn, ids) },
	}
}

// modemNetwork is a simulated modem whose network does as it is told.
type modemNetwork struct {
	sim  *simulator.Modem
	ids  *modemIDs
	gone chan struct{}
	once sync.Once

	mu      sync.Mutex
	submits []*modemSubmit
	next    uint8 // reference of the next receipt
}

type modemSubmit struct {
	text      string
	to        string
	reference uint8
	sms       *gsm.Submit
	code      chan int
}

func newModemNetwork(conn io.ReadWriteCloser, ids *modemIDs) *modemNetwork {
	o := &modemNetwork{ids: ids, gone: make(chan struct{}), next: 200}
	o.sim = simulator.NewModem(simulator.ModemOptions{Phase2: true, NoReports: true, Send: o.submit})
	go o.sim.Serve(conn)
	return o
}

func (o *modemNetwork) submit(_ *simulator.Modem, p *gsm.Submit, reference uint8) int {
	text, _ := p.Text()
	s := &modemSubmit{text: text, to: p.To.Number, reference: reference, sms: p, code: make(chan int, 1)}
	o.mu.Lock()
	o.submits = append(o.submits, s)
	o.mu.Unlock()
	select {
	case code := <-s.code:
		return code
	case <-o.gone:
		return -1
	}
}

func (o *modemNetwork) taken() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, s := range o.submits {
		list = append(list, s.text)
	}
	return list
}

var modemTestCodes = map[message.FailureKind]int{
	message.NoFailure: 0, message.Throttled: 42, message.Busy: 41, message.Refused: 10, message.BadRecipient: 1, message.BadContent: 144,
}

func (o *modemNetwork) answer(text, id string, kind message.FailureKind) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := len(o.submits) - 1; i >= 0; i-- {
		if s := o.submits[i]; s.text == text {
			o.ids.set(s.reference, s.to, id)
			s.code <- modemTestCodes[kind]
			return
		}
	}
}

func (o *modemNetwork) again(string) {}

// watch tells whether something happens within 20 s.
func (o *modemNetwork) watch(is func() bool) <-chan string {
	ch := make(chan string, 1)
	go func() {
		for range 200 {
			if is() {
				ch <- "ok"
				return
			}
			timer := time.NewTimer(100 * time.Millisecond)
			select {
			case <-timer.C:
			case <-o.gone:
				timer.Stop()
				return
			}
		}
		ch <- "later"
	}()
	return ch
}

func (o *modemNetwork) acknowledged() (n int) {
	for _, c := range o.sim.Commands() {
		if c == "AT+CNMA" {
			n++
		}
	}
	return n
}

func (o *modemNetwork) receipt(id string, state message.State) <-chan string {
	const to = "46701234567"
	o.mu.Lock()
	o.next++
	reference := o.next
	o.mu.Unlock()
	o.ids.set(reference, to, id)
	before := o.acknowledged()
	status := map[message.State]gsm.DeliveryStatus{message.Delivered: 0, message.Undeliverable: 0x45}[state]
	o.sim.Report(&gsm.StatusReport{Reference: reference, To: gsm.Address{TON: 1, NPI: 1, Number: to}, Sent: time.Now(), Done: time.Now(), Status: status})
	return o.watch(func() bool { return o.acknowledged() > before })
}

func (o *modemNetwork) inbound(text string) <-chan string {
	before := o.sim.Deleted()
	_ = o.sim.ReceiveText("+46701234567", text, gsm.SplitOptions{})
	return o.watch(func() bool { return o.sim.Deleted() > before })
}

func (o *modemNetwork) silent() { o.sim.Hang(true) }

func (o *modemNetwork) cut() {
	o.once.Do(func() { close(o.gone) })
	o.sim.Unplug()
}

func (o *modemNetwork) unbound() bool { return true } // a modem is not told

// modemBench runs a test with a link of modems, each with a network of its own.
func modemBench(t *testing.T, change func(*ModemConfig), test func(t *testing.T, b *contractBench, p *ModemPool)) {
	t.Helper()
	k := modemKind()
	k.make = func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector {
		cfg := modemTestConfig()
		change(&cfg)
		p := NewModemPool(cfg, NewShared(), nil)
		p.Folder = t.TempDir()
		p.Open = func(ctx context.Context, device string) (io.ReadWriteCloser, error) { return dial(ctx, "tcp", device) }
		return p
	}
	k.test(t, strings.ReplaceAll(t.Name(), "/", " "), func(t *testing.T, b *contractBench) { test(t, b, b.link.(*ModemPool)) })
}

// A message without an answer, a modem that is restarted, and long texts.
func TestModemSend(t *testing.T) {
	t.Parallel()
	modemBench(t, func(*ModemConfig) {}, func(t *testing.T, b *contractBench, p *ModemPool) {
		o := b.operator().(*modemNetwork)
		long := strings.Repeat("0123456789", 40)
		b.send(long)
		for part := range 3 {
			if got := o.taken(); len(got) != part+1 {
				t.Fatalf("%d parts on the air, want %d", len(got), part+1)
			}
			o.answer(o.taken()[part], fmt.Sprint("part", part), message.NoFailure)
			b.settle()
		}
		if a := b.core.answers; len(a) != 1 || b.core.named(a[0].ID) != "part0" || len(a[0].More) != 2 || b.core.named(a[0].More[1]) != "part2" {
			t.Errorf("answers %+v", a)
		}
		for _, s := range o.submits { // corners 15 and 19 of the protocol notes: a report of each part, and numbers with their type
			if !s.sms.StatusReport || s.sms.To.String() != "+46701234567" || s.sms.Validity.Format != gsm.ValidityRelative {
				t.Errorf("submitted %+v", s.sms)
			}
		}
		bad := contractMessage("bad")
		bad.To.Number = "ACME"
		p.Send(b.session(), []*Outgoing{bad})
		b.settle()
		if a := b.core.answers; len(a) != 2 || a[1].Failure == nil || a[1].Failure.Kind != message.BadRecipient {
			t.Errorf("answers %+v", a)
		}
		b.send("lost")
		time.Sleep(contractAnswer + time.Second)
		b.settle()
		if a := b.core.answers; len(a) != 3 || a[2].Failure == nil || a[2].Failure.Kind != message.NoAnswer {
			t.Errorf("answers %+v", a)
		}
		b.waitUp(2)
		st := b.link.Stats()
		if len(st) != 1 || st[0].Modem == nil || st[0].Modem.Operator != "Kurir Mobile" || st[0].Modem.SentToday != 4 || st[0].Peer != "tcp:pipe:1" {
			t.Errorf("stats %+v, modem %+v", st, st[0].Modem)
		}
	})
}

// A part that is refused for now, of a message whose first part was taken, is tried again; one that is refused for good is not.
func TestModemPartAgain(t *testing.T) {
	t.Parallel()
	modemBench(t, func(*ModemConfig) {}, func(t *testing.T, b *contractBench, _ *ModemPool) {
		o := b.operator().(*modemNetwork)
		kinds := []message.FailureKind{message.NoFailure, message.Throttled, message.Busy, message.NoFailure, message.Refused}
		b.send(strings.Repeat("0123456789", 40))
		for i, kind := range kinds {
			b.waitTaken(i + 1)
			o.answer(o.taken()[i], "x", kind)
		}
		b.settle()
		if a := b.core.answers; len(a) != 1 || a[0].Failure == nil || a[0].Failure.Kind != message.Refused || len(a[0].More) != 1 || b.core.slowed != 2 {
			t.Errorf("answers %+v, slowed %d times", a, b.core.slowed)
		}
	})
}

// Rate and daily limit of each SIM, the latter over a restart and until midnight.
func TestModemLimits(t *testing.T) {
	t.Parallel()
	modemBench(t, func(c *ModemConfig) { c.PerMinute, c.DailyLimit = 6, 3 }, func(t *testing.T, b *contractBench, p *ModemPool) {
		o := b.operator().(*modemNetwork)
		began := time.Now()
		b.send("a", "b", "c", "d")
		for i, text := range []string{"a", "b", "c"} {
			b.waitTaken(i + 1)
			o.answer(text, text, message.NoFailure)
		}
		b.settle()
		if took := time.Since(began); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("three parts took %v, want 20 s", took)
		}
		if len(b.core.downs) != 1 || len(b.core.downs[0].unwritten) != 1 || !strings.Contains(b.core.downs[0].reason.Error(), "3 parts of today") {
			t.Errorf("ends %+v", b.core.downs)
		}
		again := loadDay(p.file("sent", 0))
		if again.on(time.Now()) != 3 {
			t.Errorf("after a restart %+v", again)
		}
		time.Sleep(untilTomorrow(time.Now()) + time.Second)
		b.settle()
		if len(b.core.ups) != 2 || p.Stats()[0].Modem.SentToday != 0 {
			t.Errorf("sessions %v, stats %+v", b.core.ups, p.Stats()[0].Modem)
		}
	})
}

// Two modems share what there is to send; without coverage one of them receives only.
func TestModemPool(t *testing.T) {
	t.Parallel()
	modemBench(t, func(c *ModemConfig) {
		c.Modems = append(c.Modems, ModemDevice{Devices: []string{"tcp:pipe:2"}, Number: "+46737000002"})
	}, func(t *testing.T, b *contractBench, p *ModemPool) {
		b.waitUp(2)
		for i, o := range b.operators {
			o.(*modemNetwork).sim.SetNetwork(2, 99)
			b.settle()
			if len(b.core.downs) != i+1 || !strings.Contains(b.core.downs[i].reason.Error(), "no network: searching") {
				t.Errorf("ends %+v", b.core.downs)
			}
			o.(*modemNetwork).sim.SetNetwork(1, 20)
			b.waitUp(3 + i)
		}
		b.operators[1].inbound("Hej")
		b.settle()
		if in := b.core.inbound; len(in) != 1 || in[0].Content.Text != "Hej" || in[0].Link != "gsm" || in[0].From.String() != "+46701234567" || in[0].To.Number[:8] != "46737000" {
			t.Errorf("inbound %+v", in)
		}
		u, err := p.USSD(t.Context(), "+46737000002", "*100#")
		if err != nil || u.Text != "Balance after *100#: 100 kr" {
			t.Errorf("%+v, %v", u, err)
		}
	})
}
