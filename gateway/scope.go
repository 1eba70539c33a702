package gateway

import (
	"fmt"
	"slices"
	"strings"
)

// ReceiptsFromHost as LinkSettings.ReceiptsFrom says that each host of a link
// numbers messages on its own.
const ReceiptsFromHost = "host"

// hostScope joins the name of a link with the tag of one of its hosts: no name
// has such a character.
const hostScope = "\x00"

// hostTag is a short number for a host, kept with the ids that it gave; 0 for
// none.
func hostTag(host string) uint32 {
	if host == "" {
		return 0
	}
	return max(1, uint32(exactKey("", host)))
}

// scope returns the scope of that name.
func (g *Gateway) scope(name string) *idScope {
	s := g.scopes[name]
	if s == nil {
		s = &idScope{name: name}
		if link, _, host := strings.Cut(name, hostScope); host {
			s.forms = g.link(link).set.IDs
		}
		g.scopes[name] = s
	}
	return s
}

// scopeOf returns the scope in which a host of a link gives its ids. tag is the
// host's, 0 unless the link's hosts have scopes of their own.
func (g *Gateway) scopeOf(l *link, tag uint32) *idScope {
	if tag != 0 {
		return g.scope(fmt.Sprintf("%s%s%08x", l.name, hostScope, tag))
	}
	if l.scope == nil {
		l.scope = g.scope(l.scopeName())
	}
	return l.scope
}

// scopeName returns the name of the link's scope: its own unless it shares one.
func (l *link) scopeName() string {
	switch l.set.ReceiptsFrom {
	case "", ReceiptsFromHost:
		return l.name
	}
	return l.set.ReceiptsFrom
}

// tagOf returns the tag that a host has on the link.
func (l *link) tagOf(host string) uint32 {
	if l.set.ReceiptsFrom != ReceiptsFromHost {
		return 0
	}
	return hostTag(host)
}

// setScopes follows a new configuration. Of links that share a scope the one
// that compares ids most strictly decides.
func (g *Gateway) setScopes() {
	forms := map[*idScope]IDForms{}
	for _, l := range g.links {
		l.scope = g.scope(l.scopeName())
		forms[l.scope] = max(forms[l.scope], l.set.IDs)
	}
	for name, s := range g.scopes {
		want := forms[s]
		if link, _, host := strings.Cut(name, hostScope); host {
			want = g.link(link).set.IDs
		}
		if s.forms != want {
			s.forms = want
			s.forget()
			g.relook = true
		}
	}
}

// idsOf describes for people how the ids of a link agree.
func (g *Gateway) idsOf(l *link) string {
	var hosts []string
	for name, s := range g.scopes {
		if link, _, host := strings.Cut(name, hostScope); host && link == l.name && l.set.ReceiptsFrom == ReceiptsFromHost {
			hosts = append(hosts, s.describe())
		}
	}
	slices.Sort(hosts)
	if len(hosts) > 0 {
		return strings.Join(hosts, "; ")
	}
	return g.scopeOf(l, 0).describe()
}

// shown returns the scope's name for people.
func (s *idScope) shown() string {
	link, tag, host := strings.Cut(s.name, hostScope)
	if host {
		return link + " host " + tag
	}
	return s.name
}
