package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kurir/message"
)

// fillAccount is whose the messages are that Fill makes, fillLink the link that carried them.
const (
	fillAccount = "bench"
	fillLink    = "op1"
)

// Fill adds n messages of 100 characters that are delivered and told, so that something can be measured with a history.
// They are spread over the twenty days before now, or stand behind what is there already, and all that the store keeps
// of such messages is there: rows, logs, sums, the index over recipients. It is for a store that nobody else commits to.
func Fill(ctx context.Context, s *Store, n int64) error {
	const (
		size  = 2000
		days  = 20 * 24 * time.Hour
		tidy  = 5 * time.Millisecond // after each commit: what the index needs to keep up
		later = 2 * time.Second      // from acceptance to the receipt
	)
	last, err := s.LastID(ctx)
	if err != nil {
		return err
	}
	end := time.Now().Add(-time.Minute)
	m := fillMaker{ids: message.NewIDs(0, last), pool: make([]message.Message, size), text: strings.Repeat("A text of ten ", 8)[:100]}
	b := &Batch{Accepted: make([]*message.Message, 0, size)}
	day := int64(-1)
	for done := int64(0); done < n && ctx.Err() == nil; {
		b.Accepted, b.Counters = b.Accepted[:0], b.Counters[:0]
		at := end.Add(-time.Duration(float64(days) * float64(n-done) / float64(n)))
		if today := dayOf(message.FirstIDAt(at)); s.pg != nil && today != day {
			if err := s.makePartition(today); err != nil {
				return fmt.Errorf("make the tables of day %d: %w", today, err)
			}
			day = today
		}
		for i := range min(size, n-done) {
			b.Accepted = append(b.Accepted, m.finished(int(i), at, later))
		}
		done += int64(len(b.Accepted))
		b.Mark = b.Accepted[len(b.Accepted)-1].ID // all before are final and told
		for _, what := range []string{"accepted", "taken", "delivered"} {
			b.Counters = append(b.Counters, Counter{Hour: at.Unix() / 3600, Account: fillAccount, Link: fillLink, What: what, N: int64(len(b.Accepted))})
		}
		if err := s.Commit(b); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		if _, err := s.Tidy(tidy); err != nil {
			return fmt.Errorf("tidy: %w", err)
		}
	}
	for more := true; more && ctx.Err() == nil; {
		if more, err = s.Tidy(50 * time.Millisecond); err != nil {
			return fmt.Errorf("tidy: %w", err)
		}
	}
	return ctx.Err()
}

// fillMaker makes messages in memory that is used again.
type fillMaker struct {
	ids  *message.IDs
	pool []message.Message
	text string
}

// finished is a message with the log of a whole life over SMPP.
func (k *fillMaker) finished(i int, at time.Time, later time.Duration) *message.Message {
	m := &k.pool[i]
	id := k.ids.Next(at)
	ms := id.Millis()
	operatorID := strconv.FormatInt(int64(id), 16)
	log := m.Log[:0]
	for _, e := range [...]message.Event{
		{Kind: message.EventAccepted, At: ms},
		{Kind: message.EventGranted, At: ms, Text: fillLink, Code: 3},
		{Kind: message.EventTaken, At: ms + 10, Text: operatorID},
		{Kind: message.EventReport, At: ms + later.Milliseconds(), State: message.Delivered, Text: operatorID},
		{Kind: message.EventTold, At: ms + later.Milliseconds() + 5, State: message.Delivered},
	} {
		log = message.AppendEvent(log, id, e)
	}
	phone := 46_700_000_000 + uint64(id)*2654435761%99_000_000
	*m = message.Message{
		ID: id, Account: fillAccount, Via: message.ViaSMPP,
		From:    message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46700000001"},
		To:      message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: strconv.FormatUint(phone, 10)},
		Content: message.Content{Text: k.text, Class: -1}, Encoding: 1, Parts: 1, Priority: message.Normal,
		Expires: ms + (48 * time.Hour).Milliseconds(), Receipts: message.ReceiptFinal,
		Target: message.Target{Kind: message.SMPPTarget, Account: fillAccount}, Links: []string{fillLink},
		Progress: message.Progress{State: message.Delivered, Final: ms + later.Milliseconds(), Log: log},
	}
	return m
}
