package connector

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// pipeListener accepts what a test connects.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestSMPPOutbind: the operator connects, asks for a bind, and gives receipts on
// that connection; who does not know the password gets none.
func TestSMPPOutbind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := smppTestConfig()
		cfg.Hosts = nil
		cfg.Outbind = &OutbindConfig{Listen: "127.0.0.1:0", SystemID: "smsc", Password: "knock"}
		cfg.Validate(func(field, problem string) { t.Errorf("%s: %s", field, problem) })
		var log bytes.Buffer
		l, core := NewSMPP(cfg, NewShared(), slog.New(slog.NewTextHandler(&log, nil))), &contractCore{}
		ln := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		l.Listen = func(context.Context, string, string) (net.Listener, error) { return ln, nil }
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			l.Run(ctx, core)
			close(ended)
		}()
		connect := func(password string) *smsc {
			ours, theirs := net.Pipe()
			o := newSMSC(theirs)
			ln.conns <- ours
			if _, err := o.sess.Do(ctx, &smpp.Outbind{SystemID: "smsc", Password: password}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return o
		}
		for range 50 {
			if o := connect("guess"); len(o.binds) != 0 {
				t.Error("we bound on a stranger's connection")
			}
		}
		if strings.Count(log.String(), "level=WARN") != 1 {
			t.Errorf("strangers are told of in more than one line a second:\n%s", &log)
		}
		o := connect("knock")
		if len(o.binds) != 1 || o.binds[0].Mode != smpp.Receiver || o.binds[0].SystemID != "kurir" || o.binds[0].Password != "secret" {
			t.Fatalf("binds %+v", o.binds)
		}
		if st := l.Stats(); len(st) != 1 || st[0].State != "bound" || st[0].Session != core.ups[0] || st[0].Mode != "receiver" {
			t.Errorf("stats %+v", st)
		}
		answered := o.receipt("7", message.Delivered)
		synctest.Wait()
		core.mu.Lock()
		if len(core.ups) != 1 || core.credit != 0 || len(core.reports) != 1 || core.reports[0].OperatorID != "7" {
			t.Fatalf("ups %v with a credit of %d, reports %+v", core.ups, core.credit, core.reports)
		}
		core.mu.Unlock()
		core.ack(nil)
		if got := <-answered; got != "ok" {
			t.Errorf("the receipt was answered with %s", got)
		}
		o.inbound("hello")
		synctest.Wait()
		core.ack(nil)
		time.Sleep(flowLook)
		synctest.Wait()
		if st := l.Stats(); st[0].InPerSecond == 0 || st[0].OutPerSecond == 0 {
			t.Errorf("no rates: %+v", st)
		}
		// Started anew it parts in good order; the operator opens the next.
		if first := core.ups[0]; !l.RestartSession(first) || l.RestartSession(first+1) {
			t.Error("another session than the operator's was restarted")
		}
		synctest.Wait()
		core.mu.Lock()
		if len(core.downs) != 1 || core.downs[0].reason != nil || !o.unbound() {
			t.Errorf("restarted: downs %+v, unbound %v", core.downs, o.unbound())
		}
		core.downs = nil
		core.mu.Unlock()

		o = connect("knock")
		o.inbound("hello")
		synctest.Wait()
		core.ack(nil)
		o.cut()
		time.Sleep(time.Second)
		synctest.Wait()
		core.mu.Lock()
		if len(core.downs) != 1 || core.downs[0].reason == nil {
			t.Errorf("downs %+v", core.downs)
		}
		core.mu.Unlock()
		again := connect("knock")
		if said := <-again.inbound("hello"); said != "ok" || len(core.inbound) != 2 {
			t.Errorf("a message that was answered just before the cut: %s, and told %d times", said, len(core.inbound))
		}
		stop()
		<-ended
		synctest.Wait()
		core.mu.Lock()
		defer core.mu.Unlock()
		if len(core.downs) != 2 || core.downs[1].reason != nil || !again.unbound() {
			t.Errorf("at the end: downs %+v, unbound %v", core.downs, again.unbound())
		}
		synctest.Wait()
	})
}
