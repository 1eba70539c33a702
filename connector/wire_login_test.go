package connector

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"kurir/cimd2"
	"kurir/ucp"
	"kurir/wire"
)

// An operator who takes his time for the log-in has as long as for any other request.
func TestSlowLogin(t *testing.T) {
	t.Parallel()
	for timeout, want := range map[time.Duration]error{0: wire.ErrLoginTimeout, 2 * time.Minute: nil} {
		remote := Remote{Hosts: []string{"x:1"}, ResponseTimeout: timeout}
		synctest.Test(t, func(t *testing.T) {
			l := NewUCP(UCPConfig{Named: Named{Name: "op"}, Remote: remote, Account: "6000"}, NewShared(), nil)
			holdSlowLogin(t, wireTalk[*ucp.PDU](l.talk), want, func(frame []byte) ([]byte, error) {
				p, err := ucp.Decode(frame)
				if err != nil {
					return nil, err
				}
				return ucp.Append(nil, p.Ack(""))
			})
		})
		synctest.Test(t, func(t *testing.T) {
			l := NewCIMD2(CIMD2Config{Named: Named{Name: "op"}, Remote: remote, User: "kurir", Password: "secret"}, NewShared(), nil)
			holdSlowLogin(t, wireTalk[*cimd2.Packet](l.talk), want, func(frame []byte) ([]byte, error) {
				p, err := cimd2.Decode(frame)
				if err != nil {
					return nil, err
				}
				return cimd2.Append(nil, cimd2.Empty(cimd2.OpLoginResp, p.Seq))
			})
		})
	}
}

// holdSlowLogin logs in at an operator who answers after 45 seconds.
func holdSlowLogin[P wire.PDU](t *testing.T, talk wireTalk[P], want error, answer func(frame []byte) ([]byte, error)) {
	t.Helper()
	operator := make(chan error, 1)
	d := talk.dialer([]string{"x:1"}, func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			buf := make([]byte, 1000)
			n, _ := theirs.Read(buf)
			out, err := answer(buf[:n])
			time.Sleep(45 * time.Second)
			_, _ = theirs.Write(out)
			operator <- err
		}()
		return ours, nil
	}, nil)
	s, err := d.Connect(t.Context(), wireStranger[P]{talk})
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
	if err := <-operator; err != nil {
		t.Error(err)
	}
	if s != nil {
		s.Close(nil)
	}
}
