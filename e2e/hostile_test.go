package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
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

const (
	rogue     = "rogue" // the account of those who misbehave
	roguePass = secretMark + "rog"
)

// rogues are connections of somebody who misbehaves.
type rogues struct {
	t    *testing.T
	addr string
	ctx  context.Context
	wg   sync.WaitGroup
	n    atomic.Int64 // connections so far
	done atomic.Int64 // PDUs or connections that were tried
}

// each runs some connections side by side, each again and again: do misbehaves on one until it is through with it.
func (r *rogues) each(count int, bound bool, do func(c net.Conn, rng *rand.Rand)) {
	for i := range count {
		r.wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(i)))
			for r.ctx.Err() == nil {
				c, err := r.dial(bound)
				if err != nil {
					r.pause(10 * time.Millisecond)
					continue
				}
				stop := context.AfterFunc(r.ctx, func() { c.Close() })
				do(c, rng)
				stop()
				c.Close()
				r.pause(time.Millisecond)
			}
		})
	}
}

// dial connects from an address of its own, and binds if wanted.
func (r *rogues) dial(bound bool) (net.Conn, error) {
	c, err := dialFrom(int(r.n.Add(1))%5000+5000, r.addr)
	if err != nil || !bound {
		return c, err
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err = c.Write(rogueBind(smpp.Transceiver, roguePass)); err == nil {
		_, err = io.ReadFull(c, make([]byte, smpp.HeaderLen))
	}
	_ = c.SetDeadline(time.Time{})
	if err != nil {
		c.Close()
	}
	return c, err
}

// pause waits a little, so that it is Kurir that is tried and not the processor that the test shares with it.
func (r *rogues) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.ctx.Done():
	}
}

// send writes a piece at a time, with pauses, until there are no more or the connection ends. What comes back is thrown away.
func (r *rogues) send(c net.Conn, pieces func(i int) []byte) {
	go func() { _, _ = io.Copy(io.Discard, c) }()
	for i := 0; r.ctx.Err() == nil; i++ {
		piece := pieces(i)
		if piece == nil {
			return
		}
		r.done.Add(1)
		if _, err := c.Write(piece); err != nil {
			return
		}
		r.pause(time.Millisecond)
	}
}

func rogueBind(mode smpp.BindMode, pass string) []byte {
	b, _ := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: mode, SystemID: rogue, Password: pass, Version: 0x34}})
	return b
}

// rawHead is a header with anything in it.
func rawHead(length, command, status, sequence uint32) []byte {
	var b []byte
	for _, v := range []uint32{length, command, status, sequence} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// mutate changes some octets behind the length, and sometimes the length of the PDU as well.
func mutate(rng *rand.Rand, frames [][]byte) []byte {
	b := bytes.Clone(frames[rng.IntN(len(frames))])
	for range 1 + rng.IntN(8) {
		b[4+rng.IntN(len(b)-4)] = byte(rng.Uint32())
	}
	if rng.IntN(3) == 0 {
		b = b[:smpp.HeaderLen+rng.IntN(len(b)-smpp.HeaderLen+1)]
		binary.BigEndian.PutUint32(b, uint32(len(b)))
	}
	return b
}

// manyFrames are good PDUs of all kinds that an ESME may send.
func manyFrames(t testing.TB) (list [][]byte) {
	text := shortText("46709000002", "ref "+textMark)
	tlvs := shortText("46709000002", "")
	tlvs.TLVs.SetU16(smpp.TagUserMessageReference, 7)
	tlvs.TLVs.Set(smpp.TagMessagePayload, []byte("ref "+textMark))
	multi := &smpp.SubmitMulti{Dests: []smpp.MultiDest{{Address: international("46709000002")}, {List: "list"}}, Text: []byte(textMark)}
	data := &smpp.DataSM{Dest: international("46709000002")}
	data.TLVs.Set(smpp.TagMessagePayload, []byte(textMark))
	for i, body := range []smpp.Body{
		text, tlvs, multi, data, &smpp.QuerySM{MessageID: "06y35rzvm0000"}, &smpp.CancelSM{MessageID: "06y35rzvm0000"},
		&smpp.ReplaceSM{MessageID: "06y35rzvm0000", Text: []byte(textMark)}, &smpp.EnquireLink{}, &smpp.DeliverSMResp{}, &smpp.SubmitSMResp{MessageID: "x"},
		&smpp.Bind{Mode: smpp.Transmitter, SystemID: rogue, Password: roguePass}, &smpp.DeliverSM{}, &smpp.GenericNack{}, &smpp.AlertNotification{},
	} {
		list = append(list, frame(t, smpp.PDU{Sequence: uint32(i + 2), Body: body}))
	}
	return list
}

// hostileCustomers are the ways in which a customer misbehaves.
func hostileCustomers(t *testing.T) []struct {
	name string
	run  func(r *rogues)
} {
	frames := manyFrames(t)
	good := frames[0]
	return []struct {
		name string
		run  func(r *rogues)
	}{
		{"random octets", func(r *rogues) {
			r.each(4, false, func(c net.Conn, rng *rand.Rand) {
				r.send(c, func(int) []byte {
					b := make([]byte, 1+rng.IntN(300))
					for i := range b {
						b[i] = byte(rng.Uint32())
					}
					if rng.IntN(2) == 0 { // a length that can be followed
						b = append(rawHead(uint32(16+len(b)), rng.Uint32(), rng.Uint32(), rng.Uint32()), b...)
					}
					return b
				})
			})
		}},
		{"changed PDUs", func(r *rogues) {
			r.each(4, true, func(c net.Conn, rng *rand.Rand) { r.send(c, func(int) []byte { return mutate(rng, frames) }) })
		}},
		{"lengths 0, 15, 2^31", func(r *rogues) {
			for _, bound := range []bool{false, true} {
				r.each(2, bound, func(c net.Conn, rng *rand.Rand) {
					length := []uint32{0, 1, 15, 1 << 31, 1<<32 - 1, 1 << 20}[rng.IntN(6)]
					r.send(c, func(i int) []byte { return [][]byte{rawHead(length, 4, 0, 2), make([]byte, 4096), nil}[min(i, 2)] })
				})
			}
		}},
		{"PDUs cut at every octet", func(r *rogues) {
			var at atomic.Int64
			for _, bound := range []bool{false, true} {
				r.each(2, bound, func(c net.Conn, _ *rand.Rand) {
					r.done.Add(1)
					_, _ = c.Write(good[:int(at.Add(1))%len(good)])
				})
			}
		}},
		{"unknown commands", func(r *rogues) {
			r.each(4, true, func(c net.Conn, rng *rand.Rand) {
				r.send(c, func(int) []byte { return rawHead(16, rng.Uint32()|0x00010000, 0, rng.Uint32()>>1) })
			})
		}},
		{"sequence numbers repeated, zero, out of order", func(r *rogues) {
			r.each(2, true, func(c net.Conn, rng *rand.Rand) {
				r.send(c, func(i int) []byte {
					b := bytes.Clone(frames[[]int{0, 4, 7}[i%3]])
					seq := []uint32{0, 7, 7, uint32(10_000 - i), 0x7fffffff, 0x80000000, 0xffffffff}[rng.IntN(7)]
					binary.BigEndian.PutUint32(b[12:], seq)
					return b
				})
			})
		}},
		{"responses to nothing", func(r *rogues) {
			r.each(4, true, func(c net.Conn, rng *rand.Rand) {
				ids := []uint32{0x80000000, 0x80000001, 0x80000004, 0x80000005, 0x80000006, 0x80000009, 0x80000015, 0x80000021, 0x80000103}
				r.send(c, func(int) []byte {
					var b []byte
					for range 10 {
						b = append(b, rawHead(16, ids[rng.IntN(len(ids))], rng.Uint32()%3, rng.Uint32()%1000)...)
					}
					return b
				})
			})
		}},
		{"a peer that never reads", func(r *rogues) {
			var block []byte
			for len(block) < 64<<10 {
				block = append(block, frames[4]...)
			}
			r.each(4, true, func(c net.Conn, _ *rand.Rand) {
				_ = c.(*net.TCPConn).SetReadBuffer(4096)
				for r.ctx.Err() == nil {
					r.done.Add(1)
					if _, err := c.Write(block); err != nil {
						return
					}
					r.pause(20 * time.Millisecond)
				}
			})
		}},
		{"a peer that sends messages and never reads their receipts", func(r *rogues) {
			r.each(4, true, func(c net.Conn, _ *rand.Rand) {
				_ = c.(*net.TCPConn).SetReadBuffer(4096)
				for r.ctx.Err() == nil {
					r.done.Add(1)
					if _, err := c.Write(good); err != nil {
						return
					}
					r.pause(5 * time.Millisecond)
				}
			})
		}},
		{"a storm of good binds", func(r *rogues) {
			r.each(8, true, func(c net.Conn, _ *rand.Rand) { r.done.Add(1) })
		}},
		{"a storm of wrong binds", func(r *rogues) {
			r.each(50, false, func(c net.Conn, _ *rand.Rand) {
				r.done.Add(1)
				_, _ = c.Write(rogueBind(smpp.Transceiver, "wrong"))
				_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
				_, _ = io.ReadFull(c, make([]byte, smpp.HeaderLen))
			})
		}},
	}
}

// TestHostileCustomers: whatever a customer sends, one who behaves keeps his rate and his answers stay quick.
func TestHostileCustomers(t *testing.T) {
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, hostileOptions(t))
	linked(t, sim)
	w := startSteady(t, s.smpp, "46709000001")
	w.phase(time.Second) // everything is warm
	before := s.memory()
	for _, c := range hostileCustomers(t) {
		t.Run(c.name, func(t *testing.T) {
			var tried int64
			w.undisturbed(t, func() func() {
				ctx, cancel := context.WithCancel(t.Context())
				r := &rogues{t: t, addr: s.smpp, ctx: ctx}
				c.run(r)
				return func() {
					cancel()
					r.wg.Wait()
					tried += r.done.Load()
				}
			})
			if tried < 50 {
				t.Errorf("only %d times was anything tried", tried)
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
	s.proc.stop()
}

// hostileOptions is a server with an account for those who misbehave, which may have many sessions.
func hostileOptions(t *testing.T) serverOptions {
	return serverOptions{binary: plainBinary(t), link: ", window: 500", accounts: []string{
		`{name: ` + rogue + `, password: ` + roguePass + `, senders: ["*"], sender: Rogue, smpp: {sessions: 6000, window: 100}}`,
	}}
}

// TestManySessions: 5,000 bound sessions at once, and those that a well-behaved one beside them does not notice.
func TestManySessions(t *testing.T) {
	const total = 5000
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, hostileOptions(t))
	linked(t, sim)
	w := startSteady(t, s.smpp, "46709000001")
	w.phase(time.Second)
	before := s.memory()
	r := &rogues{t: t, addr: s.smpp, ctx: t.Context()}
	open := make([]net.Conn, total)
	var failed atomic.Int64
	for i := range 8 {
		r.wg.Go(func() {
			for n := i; n < total; n += 8 {
				c, err := r.dial(true)
				if err != nil {
					failed.Add(1)
					continue
				}
				open[n] = c
			}
		})
	}
	r.wg.Wait()
	defer func() {
		for _, c := range open {
			if c != nil {
				c.Close()
			}
		}
	}()
	if failed.Load() > 0 {
		t.Errorf("%d of %d sessions could not bind", failed.Load(), total)
	}
	eventually(t, "the sessions are bound", func() bool { return s.metric("process_open_fds") > total })
	each := (s.memory() - before) / total
	t.Logf("%d sessions, %d octets of memory each", total, each)
	if each > 64<<10 {
		t.Errorf("a session costs %d octets, at most 65536 may be", each)
	}
	// They ask all the while whether the link lives: 5,000 enquire_link a second.
	ask := frame(t, smpp.PDU{Sequence: 7, Body: &smpp.EnquireLink{}})
	w.undisturbed(t, func() func() {
		ctx, cancel := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		for i := range 8 {
			asking.Go(func() {
				for n := i; ctx.Err() == nil; n = (n + 8) % total {
					if c := open[n]; c != nil {
						_, _ = c.Write(ask)
					}
					select {
					case <-time.After(time.Millisecond):
					case <-ctx.Done():
					}
				}
			})
		}
		return func() { cancel(); asking.Wait() }
	})
	w.end()
	s.proc.stop()
}
