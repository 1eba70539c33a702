package api

import (
	"net/http"
	"strconv"
	"sync"

	"kurir/message"
)

const (
	// streamsOfAccount is how many streams an account may have open.
	streamsOfAccount = 8
	// piecesAtOnce is how many pieces of all streams wait for the gateway's answer:
	// about half of what it lets wait, so that others are not refused for them.
	piecesAtOnce = 192
)

// streamLimits keeps streams from taking what others need.
type streamLimits struct {
	pieces chan struct{}

	mu   sync.Mutex
	open map[string]int // by account
}

func newStreamLimits() *streamLimits {
	return &streamLimits{pieces: make(chan struct{}, piecesAtOnce), open: map[string]int{}}
}

// begin counts a stream of an account until end, or refuses it.
func (l *streamLimits) begin(account string) *problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[account] >= streamsOfAccount {
		return &problem{
			Status: http.StatusTooManyRequests, Code: message.Overloaded.Code(), RetryAfter: 5,
			Detail: "the account has " + strconv.Itoa(streamsOfAccount) + " streams open; send on by one of them, or end one",
		}
	}
	l.open[account]++
	return nil
}

func (l *streamLimits) end(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[account]--; l.open[account] == 0 {
		delete(l.open, account)
	}
}
