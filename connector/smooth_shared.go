package connector

import (
	"sync"
	"time"
)

// Shares is what this server may use of the rates that several servers have together.
type Shares struct {
	Window   time.Duration      // within which a link sends no more parts than its share
	Links    map[string]int     // parts a second by link; none of one that is not named
	Alone    bool               // all of each account's rate
	Accounts map[string]float64 // else parts a second by account
}

// smoothing is what keeps parts apart in a process.
type smoothing struct {
	mu       sync.Mutex
	links    map[string]*rated
	accounts map[string]*rated
	shares   *Shares // nil: all is this server's
}

// rated is what keeps parts apart, and the rate that is configured.
type rated struct {
	*Smooth
	rate float64
}

// smoothLink returns what keeps a link's parts apart, also if the link is made anew.
func (sh *Shared) smoothLink(name string, rate float64) *Smooth {
	m := &sh.smoothing
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.links[name]
	if l == nil {
		l = &rated{NewSmooth(rate), rate}
		if m.links == nil {
			m.links = map[string]*rated{}
		}
		m.links[name] = l
	}
	l.rate = rate
	m.followLink(name, l)
	return l.Smooth
}

// SmoothAccounts sets the rates of the accounts that have one, in parts a second.
func (sh *Shared) SmoothAccounts(rates map[string]float64) {
	m := &sh.smoothing
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.accounts
	m.accounts = make(map[string]*rated, len(rates))
	for account, rate := range rates {
		if a := old[account]; a != nil && a.rate == rate {
			m.accounts[account] = a
			continue
		}
		a := &rated{newAccountSmooth(rate), rate}
		m.accounts[account] = a
		m.followAccount(account, a)
	}
	m.publish(sh)
}

// publish has sessions see the accounts. The caller holds mu.
func (m *smoothing) publish(sh *Shared) {
	if len(m.accounts) == 0 {
		sh.accounts.Store(nil)
		return
	}
	all := m.accounts
	sh.accounts.Store(&all)
}

// Share says what this server may use from now on. A server that shares rates says
// so before the first link is made.
func (sh *Shared) Share(s Shares) {
	m := &sh.smoothing
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shares = &s
	for name, l := range m.links {
		m.followLink(name, l)
	}
	for account, a := range m.accounts {
		m.followAccount(account, a)
	}
}

// followLink has a link follow its share. The caller holds mu.
func (m *smoothing) followLink(name string, l *rated) {
	if m.shares == nil || float64(m.shares.Links[name]) >= l.rate {
		l.set(l.rate)
		return
	}
	l.share(m.shares.Links[name], m.shares.Window)
}

// followAccount likewise. One without a share is given nothing to send, and so needs none.
func (m *smoothing) followAccount(account string, a *rated) {
	switch {
	case m.shares == nil || m.shares.Alone:
		a.set(a.rate)
	case m.shares.Accounts[account] > 0:
		a.set(min(m.shares.Accounts[account], a.rate))
	}
}

// smooth returns what keeps an account's parts apart, nil for nothing.
func (sh *Shared) smooth(account string) *Smooth {
	all := sh.accounts.Load()
	if all == nil {
		return nil
	}
	if a := (*all)[account]; a != nil {
		return a.Smooth
	}
	return nil
}
