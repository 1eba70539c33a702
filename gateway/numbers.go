package gateway

import (
	"context"
	"sync"

	"kurir/account"
	"kurir/directory"
	"kurir/message"
	"kurir/route"
)

// numberBook is what is known of numbers beside the configuration: it came over
// REST or from phones, stands in the database and is all in memory. Its maps
// are read and written under the gateway's lock; what they hold looks after
// itself.
type numberBook struct {
	lists    map[string]*directory.Numbers // entries that came over REST, by list
	optOuts  map[string]*directory.Numbers // phones, by account
	networks *route.Networks               // that came over REST; nil for none

	changing sync.Mutex // of entries of lists; taken before the gateway's lock
}

// guard is what a configuration says about whom messages may go to and come
// from, compiled. A configuration that says nothing has nil.
type guard struct {
	to, from []guarded            // whatever the route
	routed   map[string][]guarded // by name of the route
}

// guarded is a list with its entries.
type guarded struct {
	*directory.List
	rest *directory.Numbers // that came over REST
}

func (l *guarded) match(a message.Address) (string, bool) {
	if entry, ok := l.Read().Match(a); ok {
		return entry, true
	}
	return l.rest.Match(a)
}

// loadNumbers reads what is in the database, before a configuration comes into
// force.
func (g *Gateway) loadNumbers(ctx context.Context) error {
	lists, err := g.readLists(ctx)
	if err != nil {
		return err
	}
	optOuts, err := g.readOptOuts(ctx)
	if err != nil {
		return err
	}
	networks, err := g.loadNetworks(ctx)
	g.numbers.lists, g.numbers.optOuts, g.numbers.networks = lists, optOuts, networks
	return err
}

// readLists reads the entries of lists that came over REST.
func (g *Gateway) readLists(ctx context.Context) (map[string]*directory.Numbers, error) {
	lists := map[string]*directory.Numbers{}
	err := g.store.EachListEntry(ctx, func(list, entry string) {
		if e, err := directory.ParseEntry(entry, storedAddress); err == nil {
			setOf(lists, list).Add(e)
		}
	})
	return lists, err
}

// readOptOuts reads who has opted out of the messages of which account.
func (g *Gateway) readOptOuts(ctx context.Context) (map[string]*directory.Numbers, error) {
	optOuts := map[string]*directory.Numbers{}
	err := g.store.EachOptOut(ctx, func(account, phone string, in bool) {
		e, ok := directory.Number(phone)
		switch {
		case !ok:
		case in:
			setOf(optOuts, account).Remove(e)
		default:
			setOf(optOuts, account).Add(e)
		}
	})
	return optOuts, err
}

// setOf returns the set of that name, a new one if there is none.
func setOf(sets map[string]*directory.Numbers, name string) *directory.Numbers {
	if sets[name] == nil {
		sets[name] = directory.NewNumbers()
	}
	return sets[name]
}

// storedAddress reads what package directory wrote.
func storedAddress(text string) (message.Address, error) {
	if message.AllDigits(text) {
		return message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: text}, nil
	}
	return message.Address{TON: message.TONAlphanumeric, Number: text}, nil
}

// bindNumbers compiles what a configuration says of numbers, before it comes into
// force or under the lock.
func (g *Gateway) bindNumbers(s *Snapshot) {
	var gd guard
	named := map[string]guarded{} // does not change afterwards
	for i := range s.Lists {
		l := guarded{&s.Lists[i], setOf(g.numbers.lists, s.Lists[i].Name)}
		named[l.Name] = l
		switch {
		case l.Kind == directory.MatchList:
		case len(l.Routes) > 0:
			if gd.routed == nil {
				gd.routed = map[string][]guarded{}
			}
			for _, name := range l.Routes {
				gd.routed[name] = append(gd.routed[name], l)
			}
		case l.Senders():
			gd.from = append(gd.from, l)
		default:
			gd.to = append(gd.to, l)
		}
	}
	s.guard = nil
	if len(gd.to)+len(gd.from)+len(gd.routed) > 0 {
		s.guard = &gd
	}
	if s.Networks != nil {
		s.Networks.Overlay(g.numbers.networks)
	}
	if s.Networks != nil || len(named) > 0 {
		s.Routes.Use(route.Lookup{Networks: s.Networks, List: func(name string, to message.Address) bool {
			l, ok := named[name]
			if ok {
				_, ok = l.match(to)
			}
			return ok
		}})
	}
	s.talking = s.talkers()
	s.optOuts = nil
	var all *directory.Words // of accounts that say nothing of them
	for _, a := range s.Accounts.All() {
		if a.OptOut == nil {
			continue
		}
		if s.optOuts == nil {
			s.optOuts = map[string]*optOut{}
		}
		s.optOuts[a.Name] = &optOut{setOf(g.numbers.optOuts, a.Name), wordsOf(a.OptOut, &all)}
	}
}

// shorten makes the sender of a message shorter where its name is too long and
// the account asks for that.
func shorten(a *account.Account, m *message.Message, err error) bool {
	if a.LongSender != account.LongSenderShorten {
		return false
	}
	from, ok := route.Shorter(err)
	if ok {
		m.From = from
	}
	return ok
}

// permits says why a message may not go to its recipient or come from its sender,
// whatever the text and the route.
func (s *Snapshot) permits(m *message.Message, sub *Submission) *message.Failure {
	if s.guard != nil {
		if f := refusedBy(s.guard.to, sub.Account.Name, "to", m.To); f != nil {
			return f
		}
		if f := refusedBy(s.guard.from, sub.Account.Name, "from", m.From); f != nil {
			return f
		}
	}
	if sub.Account.Traffic != nil {
		if f := s.opened(sub.Account, m.To); f != nil {
			return f
		}
	}
	if sub.Account.OptOut != nil && !sub.OptedOut {
		return s.optedOut(sub.Account, m.To)
	}
	return nil
}

// permitsRoute says why a message may not take a route.
func (s *Snapshot) permitsRoute(m *message.Message, a *account.Account, rule int) *message.Failure {
	if s.guard == nil || s.guard.routed == nil {
		return nil
	}
	for _, l := range s.guard.routed[s.Routes.Name(rule)] {
		field, address := "to", m.To
		if l.Senders() {
			field, address = "from", m.From
		}
		if f := refusedBy([]guarded{l}, a.Name, field, address); f != nil {
			return f
		}
	}
	return nil
}

// refusedBy says by which of the lists an address is refused, nil by none.
func refusedBy(lists []guarded, account, field string, a message.Address) *message.Failure {
	who := "recipient"
	if field == "from" {
		who = "sender"
	}
	allowing, allowed := "", false
	for i := range lists {
		l := &lists[i]
		if !l.For(account) {
			continue
		}
		entry, ok := l.match(a)
		switch {
		case l.Kind == directory.AllowList:
			allowing, allowed = l.Name, allowed || ok
		case ok && entry == a.Number:
			return message.Fail(message.Blocked, field, "the %s %s is on the block list %s", who, a, l.Name)
		case ok:
			return message.Fail(message.Blocked, field, "the %s %s falls under %s on the block list %s", who, a, entry, l.Name)
		}
	}
	if allowing != "" && !allowed {
		return message.Fail(message.Blocked, field, "the %s %s is not on the allow list %s", who, a, allowing)
	}
	return nil
}

// normalFor returns what brings entries of a list into the form of addresses.
func normalFor(l *directory.List, country string) func(string) (message.Address, error) {
	return func(text string) (message.Address, error) {
		if l.Senders() {
			return route.Sender(text, country)
		}
		return route.Normalise(text, country)
	}
}
