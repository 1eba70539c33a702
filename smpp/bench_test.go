package smpp

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// benchServer answers every submit_sm at once.
type benchServer struct{ out []PDU }

func (h *benchServer) Requests(s *Session, requests []PDU) {
	h.out = h.out[:0]
	for i := range requests {
		h.out = append(h.out, PDU{
			Command: requests[i].Command.Response(), Sequence: requests[i].Sequence, Body: &SubmitSMResp{MessageID: "0123456789"},
		})
	}
	_ = s.Respond(h.out)
}
func (h *benchServer) Responses(*Session, []Response) {}

// benchClient keeps its window full until it has had enough responses.
type benchClient struct {
	mu       sync.Mutex
	requests []Request
	sent     int
	got      int
	total    int
	done     chan struct{}
}

func (h *benchClient) Requests(*Session, []PDU) {}
func (h *benchClient) Responses(s *Session, rs []Response) {
	h.fill(s, len(rs))
	if h.got >= h.total {
		select {
		case h.done <- struct{}{}:
		default:
		}
	}
}

// fill counts responses and sends what there is room for.
func (h *benchClient) fill(s *Session, got int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got += got
	for h.sent < h.total {
		n, err := s.Send(h.requests[:min(len(h.requests), h.total-h.sent)])
		h.sent += n
		if n == 0 || err != nil {
			return
		}
	}
}

func benchMessage() *SubmitSM {
	return &SubmitSM{ShortMessage{
		Source: Address{TON: TONAlphanumeric, Addr: "Kurir"}, Dest: Address{TONInternational, NPIISDN, "46701234567"},
		RegisteredDelivery: ReceiptFinal, Text: make([]byte, 100),
	}}
}

// BenchmarkSession moves submit_sm and their responses through two sessions over loopback TCP.
func BenchmarkSession(b *testing.B) {
	for _, window := range []int{1, 100, 1000} {
		b.Run("window="+itoa(window), func(b *testing.B) { benchSession(b, window) })
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func benchSession(b *testing.B, window int) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := &Server{Bind: func(*Session, *Bind) (Status, Handler) { return ESME_ROK, &benchServer{} }}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- srv.Serve(ctx, ln) }()
	d := Dialer{Hosts: []string{ln.Addr().String()}, Bind: Bind{SystemID: "bench"}, Session: SessionConfig{Window: window}}
	h := &benchClient{total: b.N, done: make(chan struct{}, 1), requests: make([]Request, window)}
	for i := range h.requests {
		h.requests[i] = Request{Body: benchMessage()}
	}
	s, _, err := d.Connect(ctx, h)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	h.fill(s, 0)
	<-h.done
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "msg/s")
	b.StopTimer()
	_ = s.Unbind(ctx)
	<-s.Done()
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
