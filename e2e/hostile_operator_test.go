package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// rogueOperator accepts connections of a link and treats them as it is told; while it is told nothing it cuts them.
type rogueOperator struct {
	addr   string
	treat  atomic.Pointer[func(r *rogues, c net.Conn, rng *rand.Rand)]
	rogues atomic.Pointer[rogues]
}

func startRogueOperator(t *testing.T) *rogueOperator {
	t.Helper()
	l, err := net.Listen("tcp", freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	o := &rogueOperator{addr: l.Addr().String()}
	var open sync.WaitGroup
	open.Go(func() {
		for n := uint64(0); ; n++ {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			treat, r := o.treat.Load(), o.rogues.Load()
			if treat == nil || r == nil || r.ctx.Err() != nil {
				c.Close()
				continue
			}
			open.Go(func() {
				defer c.Close()
				defer context.AfterFunc(r.ctx, func() { c.Close() })()
				(*treat)(r, c, rand.New(rand.NewPCG(11, n)))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Wait()
	})
	return o
}

// misbehave lets it treat connections so until stop is called.
func (o *rogueOperator) misbehave(t *testing.T, treat func(r *rogues, c net.Conn, rng *rand.Rand)) (r *rogues, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	r = &rogues{t: t, ctx: ctx}
	o.treat.Store(&treat)
	o.rogues.Store(r)
	return r, func() {
		o.treat.Store(nil)
		cancel()
	}
}

// takeBind reads a bind and accepts it.
func takeBind(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	head := make([]byte, smpp.HeaderLen)
	if _, err := io.ReadFull(c, head); err != nil {
		return false
	}
	h := smpp.ParseHeader(head)
	if _, err := io.CopyN(io.Discard, c, int64(h.Length)-smpp.HeaderLen); err != nil {
		return false
	}
	_ = c.SetReadDeadline(time.Time{})
	answer := append(rawHead(0, uint32(h.Command.Response()), 0, h.Sequence), "rogue\x00"...)
	binary.BigEndian.PutUint32(answer, uint32(len(answer)))
	_, err := c.Write(answer)
	return err == nil
}

// operatorFrames are PDUs that an SMSC may send.
func operatorFrames(t testing.TB) (list [][]byte) {
	receipt := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
		Source: international("46791000001"), Dest: smpp.Address{TON: 5, Addr: "Kurir"}, ESMClass: smpp.ESMReceipt,
		Text: []byte("id:77 sub:001 dlvrd:001 submit date:2611280000 done date:2611280000 stat:DELIVRD err:000 text:"),
	}}
	receipt.TLVs.SetCString(smpp.TagReceiptedMessageID, "77")
	receipt.TLVs.SetU8(smpp.TagMessageState, 2)
	inbound := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{Source: international("46791000002"), Dest: international("46737494949"), Text: []byte("in " + textMark)}}
	data := &smpp.DataSM{Source: international("46791000002"), Dest: international("46737494949")}
	data.TLVs.Set(smpp.TagMessagePayload, []byte(textMark))
	for i, body := range []smpp.Body{
		receipt, inbound, data, &smpp.AlertNotification{Source: international("46791000002")}, &smpp.EnquireLink{}, &smpp.SubmitSMResp{MessageID: "77"},
		&smpp.BindResp{SystemID: "x"}, &smpp.Outbind{SystemID: "x"}, &smpp.GenericNack{}, &smpp.SubmitMultiResp{MessageID: "77"}, &smpp.QuerySMResp{MessageID: "77"},
	} {
		list = append(list, frame(t, smpp.PDU{Sequence: uint32(i + 2), Body: body}))
	}
	return list
}

// hostileOperators are the ways in which an operator misbehaves.
func hostileOperators(t *testing.T) []struct {
	name  string
	treat func(r *rogues, c net.Conn, rng *rand.Rand)
} {
	frames := operatorFrames(t)
	// bound accepts the bind, and sends pieces then.
	bound := func(pieces func(rng *rand.Rand, i int) []byte) func(r *rogues, c net.Conn, rng *rand.Rand) {
		return func(r *rogues, c net.Conn, rng *rand.Rand) {
			if takeBind(c) {
				r.send(c, func(i int) []byte { return pieces(rng, i) })
			}
		}
	}
	return []struct {
		name  string
		treat func(r *rogues, c net.Conn, rng *rand.Rand)
	}{
		{"random octets instead of an answer", func(r *rogues, c net.Conn, rng *rand.Rand) {
			r.send(c, func(int) []byte {
				b := make([]byte, 1+rng.IntN(300))
				for i := range b {
					b[i] = byte(rng.Uint32())
				}
				return b
			})
		}},
		{"changed PDUs", bound(func(rng *rand.Rand, _ int) []byte { return mutate(rng, frames) })},
		{"lengths 0, 15, 2^31", bound(func(rng *rand.Rand, i int) []byte {
			return [][]byte{rawHead([]uint32{0, 15, 1 << 31, 1<<32 - 1}[rng.IntN(4)], 5, 0, 2), make([]byte, 4096), nil}[min(i, 2)]
		})},
		{"PDUs cut at every octet", func(r *rogues, c net.Conn, rng *rand.Rand) {
			if takeBind(c) {
				r.done.Add(1)
				_, _ = c.Write(frames[0][:rng.IntN(len(frames[0]))])
			}
		}},
		{"unknown commands", bound(func(rng *rand.Rand, _ int) []byte { return rawHead(16, rng.Uint32()|0x00010000, 0, rng.Uint32()>>1) })},
		{"sequence numbers repeated, zero, out of order", bound(func(rng *rand.Rand, i int) []byte {
			b := bytes.Clone(frames[i%3])
			binary.BigEndian.PutUint32(b[12:], []uint32{0, 7, 7, uint32(10_000 - i), 0x7fffffff, 0x80000000, 0xffffffff}[rng.IntN(7)])
			return b
		})},
		{"answers to nothing", bound(func(rng *rand.Rand, _ int) []byte {
			ids := []uint32{0x80000000, 0x80000004, 0x80000009, 0x80000015, 0x80000021, 0x80000103}
			return rawHead(16, ids[rng.IntN(len(ids))], rng.Uint32()%3, rng.Uint32()%1000)
		})},
		{"receipts of unknown messages", bound(func(_ *rand.Rand, i int) []byte {
			b := bytes.Clone(frames[0])
			binary.BigEndian.PutUint32(b[12:], uint32(i+2))
			return b
		})},
		{"a peer that accepts the bind and is silent", func(r *rogues, c net.Conn, _ *rand.Rand) {
			_ = c.(*net.TCPConn).SetReadBuffer(4096)
			if takeBind(c) {
				r.done.Add(1)
				<-r.ctx.Done()
			}
		}},
		{"a peer that sends receipts and never reads", func(r *rogues, c net.Conn, rng *rand.Rand) {
			_ = c.(*net.TCPConn).SetReadBuffer(4096)
			if !takeBind(c) {
				return
			}
			var block []byte
			for i := uint32(2); len(block) < 32<<10; i++ {
				block = append(block, frames[i%3]...)
				binary.BigEndian.PutUint32(block[len(block)-len(frames[i%3])+12:], i)
			}
			for r.ctx.Err() == nil {
				r.done.Add(1)
				if _, err := c.Write(block); err != nil {
					return
				}
				r.pause(20 * time.Millisecond)
			}
		}},
		{"answers with the sequence numbers of others", func(r *rogues, c net.Conn, _ *rand.Rand) {
			head := make([]byte, smpp.HeaderLen)
			for ok := takeBind(c); ok; {
				if _, err := io.ReadFull(c, head); err != nil {
					return
				}
				h := smpp.ParseHeader(head)
				if _, err := io.CopyN(io.Discard, c, int64(h.Length)-smpp.HeaderLen); err != nil {
					return
				}
				r.done.Add(1)
				id := fmt.Sprintf("%d\x00", h.Sequence)
				answer := append(rawHead(uint32(smpp.HeaderLen+len(id)), uint32(h.Command.Response()), 0, h.Sequence%20+3), id...)
				_, err := c.Write(answer)
				ok = err == nil
			}
		}},
		{"a peer that cuts each connection", func(r *rogues, c net.Conn, _ *rand.Rand) {
			if takeBind(c) {
				r.done.Add(1)
			}
		}},
	}
}

// TestHostileOperators: whatever an operator sends, the link to another and the customers who use that notice nothing.
func TestHostileOperators(t *testing.T) {
	sim := startSimulator(t, simulator.Options{})
	bad := startRogueOperator(t)
	rogueLink := fmt.Sprintf("{name: bad, kind: smpp, hosts: [%q], system_id: kurir, password: %s, reconnect: 100ms, sessions: 3, enquire_link: 1s, response_timeout: 1s}", bad.addr, linkPass)
	opt := serverOptions{
		binary:     plainBinary(t),
		connectors: []string{linkTo("op1", sim.Addr(), ", window: 500"), rogueLink},
		routes:     []string{`{to: "+46791*", via: [bad]}`, `{to: "*", via: [op1]}`},
	}
	s := startServer(t, nil, opt)
	linked(t, sim)
	w := startSteady(t, s.smpp, "46709000001")
	w.phase(time.Second)
	before := s.memory()
	for i := range 200 { // something that the bad operator could be sent
		s.send(fmt.Sprintf("+46791%06d", i), "ref "+textMark, "validity", "10m")
	}
	for _, c := range hostileOperators(t) {
		t.Run(c.name, func(t *testing.T) {
			var tried int64
			w.undisturbed(t, func() func() {
				r, stop := bad.misbehave(t, c.treat)
				return func() {
					stop()
					tried += r.done.Load()
				}
			})
			if tried == 0 {
				t.Error("nothing was tried")
			}
		})
	}
	if status, _ := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d", status)
	}
	if after := s.memory(); after > before+200<<20 {
		t.Errorf("memory grew from %d to %d MiB", before>>20, after>>20)
	}
	w.end()
	if c := sim.Stats(); c.Malformed+c.Unexpected+c.Refused > 0 {
		t.Errorf("the good operator was sent odd things: %+v", c.Counts)
	}
	// An operator who has come to reason gets what waited for him.
	good := startSimulator(t, simulator.Options{SMPP: freeAddr(t)})
	_, stop := bad.misbehave(t, func(_ *rogues, c net.Conn, _ *rand.Rand) {
		up, err := net.Dial("tcp", good.Addr())
		if err != nil {
			return
		}
		defer up.Close()
		go func() { _, _ = io.Copy(up, c); up.Close() }()
		_, _ = io.Copy(c, up)
	})
	eventually(t, "the other link carries again", func() bool { return good.Stats().Accepted > 0 })
	s.proc.stop()
	stop()
}
