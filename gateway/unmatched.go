package gateway

import (
	"slices"
	"strings"
	"time"

	"kurir/message"
)

const (
	unmatchedMost = 1000           // receipts of a link that are shown, the newest
	unmatchedAge  = 24 * time.Hour // and for how long
)

// Why a receipt is attached to no message.
const (
	whyNoID      = "no_id"     // it names none
	whyUnknown   = "unknown"   // none has its id, also after waiting, or not with that recipient
	whyAmbiguous = "ambiguous" // several may be meant, and none is guessed
)

// UnmatchedReceipt is a receipt that could not be attached to a message.
type UnmatchedReceipt struct {
	At    time.Time `json:"at"`
	ID    string    `json:"operator_id"`
	From  string    `json:"from"`
	To    string    `json:"to"`
	State string    `json:"state"`
	Code  uint32    `json:"code,omitempty"`
	Why   string    `json:"why"` // no_id, unknown or ambiguous
}

// unmatchedRing keeps the last receipts of a link that match nothing.
type unmatchedRing struct {
	list []UnmatchedReceipt
	next int
}

func (u *unmatchedRing) add(r UnmatchedReceipt) {
	if len(u.list) < unmatchedMost {
		u.list = append(u.list, r)
		return
	}
	u.list[u.next] = r
	u.next = (u.next + 1) % unmatchedMost
}

// newest returns what is kept, newest first.
func (u *unmatchedRing) newest() []UnmatchedReceipt {
	list := make([]UnmatchedReceipt, 0, len(u.list))
	for i := range u.list {
		list = append(list, u.list[(u.next+len(u.list)-1-i)%len(u.list)])
	}
	return list
}

// mostShown bounds what is kept of an operator's id.
const mostShown = 80

// unmatched counts and keeps a receipt that is attached to no message.
func (g *Gateway) unmatched(l *link, r *message.Report, why string, now time.Time) {
	if why == whyAmbiguous {
		g.count.receiptsAmbiguous.Add(1)
	} else {
		g.count.receiptsUnknown.Add(1)
	}
	l.count.unmatched.Add(1)
	l.unmatched.add(UnmatchedReceipt{
		At: now.UTC(), ID: strings.Clone(r.OperatorID[:min(len(r.OperatorID), mostShown)]),
		From: strings.Clone(r.From.String()), To: strings.Clone(r.To.String()),
		State: r.State.String(), Code: r.Code, Why: why,
	})
}

// UnmatchedReceipts returns the last receipts that came by a link within a day and
// could not be attached to a message, newest first; false if there is no such link.
func (g *Gateway) UnmatchedReceipts(link string) ([]UnmatchedReceipt, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.links[link]
	if l == nil {
		return nil, false
	}
	list := l.unmatched.newest()
	old := slices.IndexFunc(list, func(r UnmatchedReceipt) bool { return g.now().Sub(r.At) > unmatchedAge })
	if old >= 0 {
		list = list[:old]
	}
	return list, true
}
