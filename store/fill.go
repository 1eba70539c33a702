package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kurir/message"
)

// What Fill makes: nearly all of one account over one link, delivered; a part of another account, of another link, undeliverable; and
// five messages spread over all that are of a third account, of a third link, and rejected, to be looked for.
const (
	fillAccount, fillSecond = "bench", "second"
	fillLink, fillOther     = "op1", "op2"
	fillRare                = "rare" // account and link
	fillSecondEach          = 1000
	fillOtherEach           = 100
	fillFailedEach          = 200
	fillRareCount           = 5
	fillInboundEach         = 100 // messages, one from a phone
	fillLater               = 2 * time.Second
	fillAnswer              = 10 * time.Millisecond
)

// Fill adds n messages of 100 characters that have ended and are told, so that something can be measured with a history.
// They are spread over the twenty days before now, or stand behind what is there already, and all that the store keeps
// of such messages is there: rows, logs, sums for reports, the index over recipients, messages from phones. It is for a store that
// nobody else commits to.
func Fill(ctx context.Context, s *Store, n int64) error {
	const (
		size = 2000
		days = 20 * 24 * time.Hour
		tidy = 5 * time.Millisecond // after each commit: what the index needs to keep up
	)
	last, err := s.LastID(ctx)
	if err != nil {
		return err
	}
	end := time.Now().Add(-time.Minute)
	m := fillMaker{ids: message.NewIDs(0, last), pool: make([]message.Message, size), text: strings.Repeat("A text of ten ", 8)[:100], rareEach: max(1, n/fillRareCount)}
	b := &Batch{Accepted: make([]*message.Message, 0, size)}
	each := time.Duration(float64(days) / float64(n))
	day := int64(-1)
	for m.made < n && ctx.Err() == nil {
		at := end.Add(-time.Duration(float64(days) * float64(n-m.made) / float64(n)))
		if last := dayOf(message.FirstIDAt(at.Add(size * each))); s.pg != nil && last != day {
			for day = dayOf(message.FirstIDAt(at)); day <= last; day++ {
				if err := s.makePartition(day); err != nil {
					return fmt.Errorf("make the tables of day %d: %w", day, err)
				}
			}
			day = last
		}
		m.fill(b, int(min(size, n-m.made)), at, each)
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
	ids            *message.IDs
	pool           []message.Message
	text           string
	made, rareEach int64
	sums           map[counterKey]int64
}

// fill makes a batch of n messages that were accepted from a time on, one each so often, and of what belongs to them.
func (k *fillMaker) fill(b *Batch, n int, at time.Time, each time.Duration) {
	b.Accepted, b.Inbound, b.Counters, k.sums = b.Accepted[:0], b.Inbound[:0], b.Counters[:0], map[counterKey]int64{}
	for i := range n {
		now := at.Add(time.Duration(i) * each)
		m := k.finished(i, now)
		b.Accepted = append(b.Accepted, m)
		k.count(m)
		if k.made++; k.made%fillInboundEach == 0 {
			in := k.inbound(now)
			b.Inbound = append(b.Inbound, in)
			k.add(in.ID, in.Account, in.Link, "inbound")
			k.add(in.ID, in.Account, in.Link, TallyInbound.What(fillNetwork(in.From.Number)))
		}
	}
	b.Mark = b.Accepted[n-1].ID // all before are final and told
	for key, n := range k.sums {
		b.Counters = append(b.Counters, Counter{Hour: key.hour, Account: key.account, Link: key.link, What: key.what, N: n})
	}
}

// kind says whose the message is that is made next, over which link it went, and what became of it.
func (k *fillMaker) kind() (account, link string, state message.State) {
	account, link, state = fillAccount, fillLink, message.Delivered
	switch {
	case k.made%k.rareEach == k.rareEach/2:
		return fillRare, fillRare, message.Rejected
	case k.made%fillSecondEach == 1:
		account = fillSecond
	}
	if k.made%fillOtherEach == 2 {
		link = fillOther
	}
	if k.made%fillFailedEach == 3 {
		state = message.Undeliverable
	}
	return account, link, state
}

// finished is a message with the log of a whole life over SMPP.
func (k *fillMaker) finished(i int, at time.Time) *message.Message {
	m := &k.pool[i]
	id := k.ids.Next(at)
	ms := id.Millis()
	account, link, state := k.kind()
	operatorID := strconv.FormatInt(int64(id), 16)
	ended := ms + fillLater.Milliseconds()
	log := m.Log[:0]
	for _, e := range [...]message.Event{
		{Kind: message.EventAccepted, At: ms},
		{Kind: message.EventGranted, At: ms, Text: link, Code: 3},
		{Kind: message.EventTaken, At: ms + fillAnswer.Milliseconds(), Text: operatorID},
		{Kind: message.EventReport, At: ended, State: state, Text: operatorID},
		{Kind: message.EventTold, At: ended + 5, State: state},
	} {
		log = message.AppendEvent(log, id, e)
	}
	*m = message.Message{
		ID: id, Account: account, Via: message.ViaSMPP,
		From:    message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46700000001"},
		To:      message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: fillPhone(id)},
		Content: message.Content{Text: k.text, Class: -1}, Encoding: 1, Parts: 1, Priority: message.Normal,
		Expires: ms + (48 * time.Hour).Milliseconds(), Receipts: message.ReceiptFinal,
		Target: message.Target{Kind: message.SMPPTarget, Account: account}, Links: []string{link},
		Progress: message.Progress{State: state, Final: ended, Log: log},
	}
	return m
}

// inbound is a message from a phone that its account has.
func (k *fillMaker) inbound(at time.Time) *message.Inbound {
	id := k.ids.Next(at)
	return &message.Inbound{
		ID: id, Account: fillAccount, Link: fillLink, Received: id.Millis(), Parts: 1, Encoding: 1, Rule: "all",
		From:    message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: fillPhone(id)},
		To:      message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46700000001"},
		Content: message.Content{Text: "yes", Class: -1},
	}
}

// fillPhone is the number of a phone.
func fillPhone(id message.ID) string {
	return strconv.FormatUint(46_700_000_000+uint64(id)*2654435761%99_000_000, 10)
}

// fillNetwork is the network of a phone: one of five.
func fillNetwork(phone string) string {
	return "2400" + strconv.Itoa(int(phone[len(phone)-1]-'0')%5+1)
}

// count adds a message to the sums that package gateway keeps.
func (k *fillMaker) count(m *message.Message) {
	network, link := fillNetwork(m.To.Number), m.Links[0]
	for _, what := range [...]string{
		"accepted", "taken", m.State.String(), TallyAccepted.What(network), TallyParts.What(network),
		TallyFinal.What(strconv.Itoa(int(m.State)) + ":0:" + network),
	} {
		k.add(m.ID, m.Account, link, what)
	}
	if m.State == message.Delivered {
		k.add(m.ID, m.Account, link, TallyArrival.What("22")) // the class of two seconds
	}
	k.add(m.ID, "", link, TallyAnswer.What("7")) // of ten milliseconds
}

func (k *fillMaker) add(id message.ID, account, link, what string) {
	k.sums[counterKey{id.Millis() / hourMillis, account, link, what}]++
}
