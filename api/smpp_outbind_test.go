package api

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/smpp"
)

// TestSMPPOutbind: a customer who is owed something is called until he binds,
// with growing pauses, and not while nothing is owed or he is there.
func TestSMPPOutbind(t *testing.T) {
	set := account.SMPP{Outbind: account.Outbind{Host: "customer:2775", Password: "hello"}}
	smppTestWith(t, smppOnly(set), func(t *testing.T, b *smppBench) {
		var calls atomic.Int32
		customer := &smppPipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		var up atomic.Bool
		b.server.server.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if calls.Add(1); addr != "customer:2775" {
				t.Errorf("called %s", addr)
			}
			if !up.Load() {
				return nil, errors.New("nobody there")
			}
			return customer.dial(ctx, network, addr)
		}
		time.Sleep(time.Minute)
		if n := calls.Load(); n != 0 {
			t.Errorf("%d calls while nothing is owed", n)
		}
		b.gateway.mu.Lock()
		b.gateway.owes = true
		b.gateway.mu.Unlock()
		time.Sleep(time.Minute)
		if n := calls.Load(); n < 3 || n > 5 {
			t.Errorf("%d calls in the first minute", n)
		}
		client := &smppClient{}
		l := smpp.OutbindListener{Check: func(_ *smpp.Session, o *smpp.Outbind) (*smpp.Bind, smpp.Handler) {
			if o.SystemID != "kurir" || o.Password != "hello" {
				t.Errorf("outbind of %s", o.SystemID)
			}
			return &smpp.Bind{Mode: smpp.Receiver, SystemID: "acme", Password: "secret"}, client
		}}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Serve(ctx, customer) }()
		up.Store(true)
		time.Sleep(2 * time.Minute)
		if list := b.server.Sessions(); len(list) != 1 || list[0].Account != "acme" || list[0].Mode != "receiver" {
			t.Errorf("sessions %+v", list)
		}
		before := calls.Load()
		time.Sleep(10 * time.Minute)
		if n := calls.Load() - before; n != 0 {
			t.Errorf("%d calls while he is there", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}
