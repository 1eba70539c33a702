package connector

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// smppLink runs a link over SMPP with a changed configuration against scripted
// operators.
func smppLink(t *testing.T, change func(*SMPPConfig), prepare func(*smsc), test func(t *testing.T, b *contractBench)) {
	t.Helper()
	cfg := smppTestConfig()
	change(&cfg)
	k := smppKind()
	k.make = func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector {
		l := NewSMPP(cfg, NewShared(), nil)
		l.Dial = dial
		return l
	}
	k.serve = func(_ *testing.T, conn net.Conn) operator {
		o := newSMSC(conn)
		if prepare != nil {
			prepare(o)
		}
		return o
	}
	k.test(t, "link", test)
}

// smppParts are the texts of a message of three parts.
func smppParts() (long string, parts []string) {
	for i := range 3 {
		parts = append(parts, strings.Repeat(fmt.Sprint(i), 153))
	}
	parts[2] = parts[2][:50]
	return strings.Join(parts, ""), parts
}

// TestSMPPLong: a message is answered once, when all its parts are; a window
// smaller than it makes it wait.
func TestSMPPLong(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Window = 2 }, nil, func(t *testing.T, b *contractBench) {
		long, parts := smppParts()
		o := b.operator()
		b.send(long, "after")
		same(t, "on the wire", o.taken(), parts[:2])
		o.answer(parts[1], "id1", message.NoFailure)
		synctest.Wait()
		same(t, "on the wire", o.taken(), parts)
		o.answer(parts[0], "id0", message.NoFailure)
		synctest.Wait()
		if len(b.core.answers) != 0 {
			t.Fatal("answered before all parts were")
		}
		o.answer("after", "id", message.NoFailure)
		o.answer(parts[2], "id2", message.NoFailure)
		synctest.Wait()
		if a := b.core.answers; len(a) != 2 || a[1].ID != "id0" || !slices.Equal(a[1].More, []string{"id1", "id2"}) || a[1].Failure != nil {
			t.Errorf("answers %+v", a)
		}
	})
}

// TestSMPPLongThrottled: a throttled part of a message whose other parts were
// taken is sent again, and only that.
func TestSMPPLongThrottled(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		long, parts := smppParts()
		o := b.operator()
		b.send(long)
		o.answer(parts[0], "id0", message.NoFailure)
		o.answer(parts[1], "", message.Throttled)
		o.answer(parts[2], "id2", message.NoFailure)
		synctest.Wait()
		if len(b.core.answers) != 0 {
			t.Fatalf("answers %v", b.core.answered())
		}
		time.Sleep(smppRepeatWait)
		synctest.Wait()
		same(t, "on the wire", o.taken(), append(slices.Clone(parts), parts[1]))
		o.answer(parts[1], "id1", message.NoFailure)
		synctest.Wait()
		if a := b.core.answers; len(a) != 1 || a[0].Failure != nil || a[0].ID != "id0" || len(a[0].More) != 2 {
			t.Errorf("answers %+v", a)
		}

		// All of it throttled is the gateway's affair.
		b.send(long)
		for _, p := range parts {
			o.answer(p, "", message.Throttled)
		}
		synctest.Wait()
		if a := b.core.answers; len(a) != 2 || a[1].Failure == nil || a[1].Failure.Kind != message.Throttled {
			t.Errorf("answers %+v", a)
		}

		// A part refused for good: what was taken is told with it.
		b.send(long)
		o.answer(parts[0], "id0", message.NoFailure)
		o.answer(parts[1], "", message.Refused)
		o.answer(parts[2], "id2", message.NoFailure)
		synctest.Wait()
		if a := b.core.answers; len(a) != 3 || a[2].Failure == nil || a[2].Failure.Kind != message.Refused || a[2].ID != "id0" || len(a[2].More) != 1 {
			t.Errorf("answers %+v", a)
		}
	})
}

// TestSMPPLongBusy: a part that the operator cannot take now is sent again
// alone, when the others were taken; a message that cannot become whole is not
// repeated.
func TestSMPPLongBusy(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		long, parts := smppParts()
		o := b.operator()
		b.send(long)
		o.answer(parts[0], "id0", message.NoFailure)
		o.answer(parts[1], "id1", message.NoFailure)
		o.answer(parts[2], "", message.Busy)
		time.Sleep(smppRepeatWait)
		synctest.Wait()
		same(t, "on the wire", o.taken(), append(slices.Clone(parts), parts[2]))
		if b.core.slowed != 0 {
			t.Error("busy is not throttled")
		}
		o.answer(parts[2], "", message.Throttled)
		time.Sleep(smppRepeatWait)
		synctest.Wait()
		if b.core.slowed != 1 {
			t.Errorf("the gateway heard %d times of throttling", b.core.slowed)
		}
		o.answer(parts[2], "id2", message.NoFailure)
		synctest.Wait()
		if a := b.core.answers; len(a) != 1 || a[0].Failure != nil || a[0].ID != "id0" || !slices.Equal(a[0].More, []string{"id1", "id2"}) {
			t.Errorf("answers %+v", a)
		}

		b.send(long)
		o.answer(parts[0], "id0", message.NoFailure)
		o.answer(parts[1], "", message.Busy)
		o.answer(parts[2], "", message.Refused)
		synctest.Wait()
		if a := b.core.answers; len(a) != 2 || a[1].Failure == nil {
			t.Errorf("answers %+v", a)
		}
	})
}

// TestSMPPQueueIsBounded: a session that always has something to do needs no
// more memory the longer it lasts.
func TestSMPPQueueIsBounded(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		o := b.operator().(*smsc)
		b.send(names("m", contractCredit)...)
		for i := range 1000 {
			o.mu.Lock()
			p := o.submits[len(o.submits)-contractWindow]
			o.mu.Unlock()
			_ = o.sess.Respond([]smpp.PDU{{Command: smpp.CommandSubmitSMResp, Sequence: p.Sequence, Body: &smpp.SubmitSMResp{MessageID: "id"}}})
			synctest.Wait()
			b.send(fmt.Sprint("m", contractCredit+i))
		}
		l := b.link.(*SMPP)
		l.mu.Lock()
		s := l.bound[b.session()]
		l.mu.Unlock()
		s.mu.Lock()
		defer s.mu.Unlock()
		if cap(s.queue) > 8*contractCredit {
			t.Errorf("room for %d messages, with a credit of %d", cap(s.queue), contractCredit)
		}
		same(t, "on the wire", o.taken(), names("m", 1000+contractWindow))
	})
}

// TestSMPPLongCut: a message of which a part was written is uncertain, one of
// which none was is not.
func TestSMPPLongCut(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Window = 2 }, nil, func(t *testing.T, b *contractBench) {
		long, _ := smppParts()
		b.send(long, long, "short")
		b.operator().cut()
		b.waitUp(2)
		same(t, "unwritten", texts(b.core.downs[0].unwritten), []string{long, "short"})
	})
}

// TestSMPPUnwritable: what does not fit into a PDU is answered, and the rest
// goes on.
func TestSMPPUnwritable(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		bad := contractMessage("bad")
		bad.To.Number = strings.Repeat("4", 30)
		header := contractMessage("header")
		header.Message.Content.Header = []byte{7}
		b.link.Send(b.session(), []*Outgoing{contractMessage("one"), bad, header, contractMessage("two")})
		synctest.Wait()
		same(t, "on the wire", b.operator().taken(), []string{"one", "two"})
		got := b.core.answered()
		slices.Sort(got)
		same(t, "answers", got, []string{"bad bad_recipient", "header bad_content"})
	})
}

// TestSMPPUnreadableAnswer: an answer whose body cannot be read still says by
// its status what became of the message, which is not sent again.
func TestSMPPUnreadableAnswer(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		o := b.operator().(*smsc)
		b.send("taken", "refused")
		for i, status := range []smpp.Status{smpp.ESME_ROK, smpp.ESME_RINVDSTADR} {
			body := strings.Repeat("9", 300) + "\x00" // no message_id is that long
			pdu := binary.BigEndian.AppendUint32(nil, uint32(smpp.HeaderLen+len(body)))
			pdu = binary.BigEndian.AppendUint32(pdu, uint32(smpp.CommandSubmitSMResp))
			pdu = binary.BigEndian.AppendUint32(pdu, uint32(status))
			pdu = binary.BigEndian.AppendUint32(pdu, o.submits[i].Sequence)
			if _, err := o.conn.Write(append(pdu, body...)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		same(t, "answers", b.core.answered(), []string{"taken ", "refused bad_recipient"})
	})
}

// TestSMPPLongPassword: operators give out passwords longer than the
// specification has room for.
func TestSMPPLongPassword(t *testing.T) {
	t.Parallel()
	password := strings.Repeat("p", 64)
	smppLink(t, func(c *SMPPConfig) { c.Password = message.Secret(password) }, nil, func(t *testing.T, b *contractBench) {
		b.waitUp(1)
		if got := b.operator().(*smsc).binds[0].Password; got != password {
			t.Errorf("password of %d characters", len(got))
		}
	})
}

// TestSMPPBinds: a session for each direction, and what the bind says.
func TestSMPPBinds(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) {
		c.Bind, c.Version, c.SystemType, c.AddressRange = "receiver+transmitter", "3.3", "VMA", "^46"
	}, nil, func(t *testing.T, b *contractBench) {
		b.waitUp(2)
		modes := map[smpp.BindMode]int{}
		for _, o := range b.operators {
			bind := o.(*smsc).binds[0]
			modes[bind.Mode]++
			if bind.SystemID != "kurir" || bind.Password != "secret" || bind.SystemType != "VMA" || bind.Version != 0x33 || bind.Range.Addr != "^46" {
				t.Errorf("bind %+v", bind)
			}
		}
		if modes[smpp.Transmitter] != 1 || modes[smpp.Receiver] != 1 {
			t.Errorf("modes %v", modes)
		}
		if st := b.link.Stats(); len(st) != 2 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestSMPPBindRefused: wrong credentials are not tried again in haste.
func TestSMPPBindRefused(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Reconnect = time.Minute }, func(o *smsc) { o.status = smpp.ESME_RINVPASWD }, func(t *testing.T, b *contractBench) {
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := len(b.operators); n < 5 || n > 11 {
			t.Errorf("%d attempts in five minutes", n)
		}
		if st := b.link.Stats(); st[0].State != "down" || !strings.Contains(st[0].Error, "ESME_RINVPASWD") {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestSMPPBindRefusedToMany: many sessions do not try wrong credentials each
// on their own.
func TestSMPPBindRefusedToMany(t *testing.T) {
	t.Parallel()
	var good atomic.Bool
	smppLink(t, func(c *SMPPConfig) { c.Reconnect, c.Sessions = time.Minute, 50 }, func(o *smsc) {
		if !good.Load() {
			o.status = smpp.ESME_RINVSYSID
		}
	}, func(t *testing.T, b *contractBench) {
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := len(b.operators); n < 5 || n > 7 {
			t.Errorf("%d attempts in five minutes", n)
		}
		good.Store(true)
		b.waitUp(50)
	})
}

// TestSMPPBindSlow: once a bind has been accepted, the others do not wait for
// each other.
func TestSMPPBindSlow(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Sessions = 50 }, func(o *smsc) { o.pause = func() { time.Sleep(time.Second) } }, func(t *testing.T, b *contractBench) {
		before := time.Now()
		b.waitUp(50)
		if took := time.Since(before); took > 3*time.Second {
			t.Errorf("50 sessions took %v", took)
		}
	})
}

// TestSMPPAcceptAndDrop: an operator that accepts a bind and closes is not
// asked for ever at the speed of the first attempt.
func TestSMPPAcceptAndDrop(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Reconnect = time.Minute }, func(o *smsc) { o.drops = true }, func(t *testing.T, b *contractBench) {
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := len(b.operators); n < 10 || n > 28 {
			t.Errorf("%d attempts in ten minutes", n)
		}
	})
}

// TestSMPPNotBound: an operator that answers that we are not bound gets a new
// bind, after the answers to what is on the wire.
func TestSMPPNotBound(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		o := b.operator().(*smsc)
		b.send(names("m", contractWindow+1)...)
		_ = o.sess.Respond([]smpp.PDU{{Command: smpp.CommandSubmitSMResp, Sequence: o.submits[0].Sequence, Status: smpp.ESME_RINVBNDSTS}})
		synctest.Wait()
		for i := 1; i < contractWindow; i++ {
			o.answer(fmt.Sprint("m", i), "id", message.NoFailure)
		}
		b.waitUp(2)
		same(t, "answers", b.core.answered(), []string{"m0 busy", "m1 id", "m2 id", "m3 id"})
		if d := b.core.downs; len(d) != 1 || !errors.Is(d[0].reason, errNotBound) || !slices.Equal(texts(d[0].unwritten), []string{"m4"}) {
			t.Errorf("ends: %+v", d)
		}
	})
}

// TestSMPPShared: links of one process give neither two sessions the same
// number nor two long messages to one phone the same reference.
func TestSMPPShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // all within one second
		shared := NewShared()
		seen := map[string]bool{}
		for range 20 {
			l := NewSMPP(SMPPConfig{Named: Named{Name: "op"}}, shared, nil)
			b := smppBuilder{cfg: l.cfg, refs: l.shared.refs}
			if _, f := b.add(contractMessage(strings.Repeat("x", 161)), time.Now()); f != nil {
				t.Fatal(f)
			}
			ref := string(b.parts[0].Text[:4])
			if seen[ref] {
				t.Errorf("the reference %x twice", ref)
			}
			seen[ref] = true
		}
	})
	one, two := NewShared(), NewShared()
	if one.sessions.Add(1) != two.sessions.Add(1) {
		t.Error("processes are independent")
	}
}

func TestSMPPMessageIDs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ mode, id, want string }{
		{"auto", "3E8", "3E8"},
		{"string", "3E8", "3E8"},
		{"hex_decimal", "3E8", "1000"},
		{"hex_decimal", "a-b", "a-b"},
		{"decimal_hex", "1000", "3e8"},
	} {
		l := NewSMPP(SMPPConfig{MessageIDs: test.mode}, NewShared(), nil)
		if got := l.answeredID(test.id); got != test.want {
			t.Errorf("%s: %s, want %s", test.mode, got, test.want)
		}
	}
}

func TestSMPPConfigValidate(t *testing.T) {
	t.Parallel()
	good := SMPPConfig{Named: Named{Name: "op1"}, Remote: Remote{Hosts: []string{"smsc.example:2775"}}, SystemID: "kurir"}
	for _, test := range []struct {
		field  string
		change func(*SMPPConfig)
	}{
		{"", func(*SMPPConfig) {}},
		{"", func(c *SMPPConfig) { *c = c.WithDefaults() }},
		{"name", func(c *SMPPConfig) { c.Name = "" }},
		{"hosts", func(c *SMPPConfig) { c.Hosts = nil }},
		{"hosts[1]", func(c *SMPPConfig) { c.Hosts = append(c.Hosts, "nowhere") }},
		{"hosts[0]", func(c *SMPPConfig) { c.Hosts = []string{":2775"} }},
		{"hosts[0]", func(c *SMPPConfig) { c.Hosts = []string{"smsc.example:0"} }},
		{"hosts[0]", func(c *SMPPConfig) { c.Hosts = []string{"smsc.example:65536"} }},
		{"hosts[0]", func(c *SMPPConfig) { c.Hosts = []string{"smsc.example:smpp"} }},
		{"", func(c *SMPPConfig) { c.Hosts = []string{"[::1]:2775", "10.0.0.1:1"} }},
		{"system_id", func(c *SMPPConfig) { c.SystemID = "" }},
		{"system_id", func(c *SMPPConfig) { c.SystemID = "sixteen-letters." }},
		{"system_type", func(c *SMPPConfig) { c.SystemType = "thirteen-long" }},
		{"password", func(c *SMPPConfig) { c.Password = "a\x00b" }},
		{"sessions", func(c *SMPPConfig) { c.Sessions = 101 }},
		{"window", func(c *SMPPConfig) { c.Window = -1 }},
		{"lookahead", func(c *SMPPConfig) { c.Lookahead = -2 }},
		{"rate", func(c *SMPPConfig) { c.Rate = -5 }},
		{"enquire_link", func(c *SMPPConfig) { c.EnquireLink = time.Millisecond }},
		{"response_timeout", func(c *SMPPConfig) { c.ResponseTimeout = time.Hour }},
		{"reconnect", func(c *SMPPConfig) { c.Reconnect = 1 }},
		{"receipt_wait", func(c *SMPPConfig) { c.ReceiptWait = 1 }},
		{"throttle_wait", func(c *SMPPConfig) { c.ThrottleWait = time.Millisecond }},
		{"throttle_wait", func(c *SMPPConfig) { c.ThrottleWait = -time.Second }},
		{"fallback_wait", func(c *SMPPConfig) { c.FallbackWait = 25 * time.Hour }},
		{"version", func(c *SMPPConfig) { c.Version = "4.0" }},
		{"bind", func(c *SMPPConfig) { c.Bind = "both" }},
		{"bind", func(c *SMPPConfig) { c.Version = "3.3" }},
		{"long", func(c *SMPPConfig) { c.Version, c.Bind, c.Long = "3.3", "receiver+transmitter", "sar" }},
		{"alphabet", func(c *SMPPConfig) { c.Alphabet = "greek" }},
		{"receipts", func(c *SMPPConfig) { c.Receipts = "sometimes" }},
		{"message_ids", func(c *SMPPConfig) { c.MessageIDs = "octal" }},
		{"validity", func(c *SMPPConfig) { c.Validity = "long" }},
		{"tls", func(c *SMPPConfig) { c.TLS = &TLSConfig{Cert: "x.pem"} }},
		{"tls", func(c *SMPPConfig) { c.TLS = &TLSConfig{CA: "/does/not/exist.pem"} }},
	} {
		c := good
		test.change(&c)
		var fields []string
		c.Validate(func(field, problem string) {
			fields = append(fields, field)
			if problem == "" {
				t.Errorf("%s: no problem is told", field)
			}
		})
		want := []string{test.field}
		if test.field == "" {
			want = nil
		}
		if !slices.Equal(fields, want) {
			t.Errorf("%q reported, want %q", fields, want)
		}
	}
}
