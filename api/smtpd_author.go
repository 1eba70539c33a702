package api

import (
	"sync"
	"time"

	"kurir/account"
)

// authorCounts counts what authors have written, by the minute and by the day. It is in memory: a restart forgets.
type authorCounts struct {
	mu   sync.Mutex
	have map[authorKey]*authorCount
}

type authorKey struct{ account, domain, author string } // domain: where authors are counted apart

type authorCount struct {
	minute         int64 // Unix, in minutes
	day            int   // in the account's zone, as 20261129
	inMinute, many int   // messages of that minute, of that day
}

// mostAuthors is how many are remembered.
const mostAuthors = 20_000

// take counts n messages of an author, or says which limit they are over; then they do not count. m is what holds for the domain
// written to.
func (b *authorCounts) take(a *account.Account, m *account.Mail, author string, n int, now time.Time) (over string, most int) {
	if m.PerMinute == 0 && m.PerDay == 0 {
		return "", 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(keyOfAuthor(a, m, author), now.Unix()/60, dayOf(now.In(a.Location())))
	switch {
	case m.PerMinute > 0 && c.inMinute+n > m.PerMinute:
		return "minute", m.PerMinute
	case m.PerDay > 0 && c.many+n > m.PerDay:
		return "day", m.PerDay
	}
	c.inMinute += n
	c.many += n
	return "", 0
}

// giveBack uncounts messages that were not accepted.
func (b *authorCounts) giveBack(a *account.Account, m *account.Mail, author string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.have[keyOfAuthor(a, m, author)]; c != nil {
		c.inMinute, c.many = max(0, c.inMinute-n), max(0, c.many-n)
	}
}

func keyOfAuthor(a *account.Account, m *account.Mail, author string) authorKey {
	return authorKey{a.Name, m.Counts(), account.FoldMail(author)}
}

// of gives the counts of an author in a minute and a day; mu is held.
func (b *authorCounts) of(key authorKey, minute int64, day int) *authorCount {
	if b.have == nil {
		b.have = map[authorKey]*authorCount{}
	}
	c := b.have[key]
	if c == nil {
		b.makeRoom(minute, day)
		c = &authorCount{}
		b.have[key] = c
	}
	if c.minute != minute {
		c.minute, c.inMinute = minute, 0
	}
	if c.day != day {
		c.day, c.many = day, 0
	}
	return c
}

// makeRoom forgets, when there are too many, those of other days, and all where that is not enough; mu is held.
func (b *authorCounts) makeRoom(minute int64, day int) {
	if len(b.have) < mostAuthors {
		return
	}
	for key, c := range b.have {
		if c.day != day && c.minute != minute {
			delete(b.have, key)
		}
	}
	if len(b.have) >= mostAuthors {
		clear(b.have)
	}
}

// dayOf writes a day as 20261129.
func dayOf(t time.Time) int { return t.Year()*10_000 + int(t.Month())*100 + t.Day() }
