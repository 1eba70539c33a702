package simulator

import (
	"fmt"
	"net"
	"testing"
	"time"

	"kurir/ucp"
)

// Whatever an application sends, before or after it has logged in: the session ends when the connection does, and what it
// says can be read.
func FuzzUCPSession(f *testing.F) {
	frame := func(p *ucp.PDU) []byte {
		b, err := ucp.Append(nil, p)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	all := frame(&ucp.PDU{Op: ucp.OpSession, Body: ucp.OpenSession("6000", "x")})
	for i := range 10 {
		for o := ucp.OpSubmit; o <= ucp.OpDelete; o++ {
			p := words(fmt.Sprintf("467012%05d", 99000+i*100), "x")
			p.TRN, p.Op = uint8(i), o
			f.Add(frame(p), true)
			all = append(all, frame(p)...)
		}
		f.Add(append([]byte("junk"), frame((&ucp.PDU{TRN: uint8(i), Op: ucp.OpDeliver}).Ack(""))...), true)
	}
	f.Add(all, false)
	f.Fuzz(func(t *testing.T, octets []byte, known bool) {
		s := New(Options{UCPKnown: known, Phones: 2, Stored: 2, Seed: 1})
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() {
			s.ServeUCP(theirs)
			close(done)
		}()
		m := &smt{t: t, conn: ours, started: time.Now(), mute: true}
		read := make(chan struct{})
		go func() {
			m.read()
			close(read)
		}()
		_ = ours.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := ours.Write(octets); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Error("the session does not read")
			}
		}
		_ = ours.Close()
		<-done
		<-read
		s.wg.Wait()
	})
}
