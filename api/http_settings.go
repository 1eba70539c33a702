package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// HTTPSettings is how the HTTP interfaces are reached from outside, and how much
// they do at a time. They do not change; a reload makes others.
type HTTPSettings struct {
	Base      string         // https://sms.example.com/kurir, without a slash at its end; empty: as requests say
	Prefix    string         // path of Base: /kurir; empty: none
	Trusted   []netip.Prefix // reverse proxies whose headers are believed
	Forwarded bool           // they send Forwarded (RFC 7239), not X-Forwarded-For
	CORS      []string       // origins, or *

	SecondFactor []string                       // roles whose users sign in to the web pages with a second factor
	Frames       []string                       // origins whose pages may show the web pages in a frame
	NewUser      struct{ Account, Role string } // how one is made whom UserHeader names; without an account none is
	UserHeader   string                         // by which those proxies say who has signed in; empty: none

	Requests        int64 // at work in all; 0: DefaultRequests
	AccountRequests int64 // at work of one account; 0: DefaultAccountRequests
}

// link gives the address of a path of this server as its clients reach it.
func (s *httpServer) link(r *http.Request, path string) string {
	if base := s.Settings().Base; base != "" {
		return base + path
	}
	path = ProxiedOf(r).Prefix + path
	if r.URL.Scheme != "" { // a reverse proxy has said so
		return r.URL.Scheme + "://" + r.Host + path
	}
	return path
}

// trusts tells whether an address is that of a reverse proxy of ours.
func (h *HTTPSettings) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(h.Trusted, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// maxHops bounds how far back a header about proxies is read.
const maxHops = 32

// hop is what one proxy says of whoever asked it.
type hop struct {
	addr        netip.Addr // invalid for what is no address
	proto, host string
}

// unwrap gives a request the address of the client, and the scheme and host that it asked for, if it comes from a
// reverse proxy that is trusted: the address is the last in the list that is none of our proxies'. Whatever stands in front of it
// the client may have written itself.
func (h *HTTPSettings) unwrap(r *http.Request) {
	client := remoteAddr(r)
	if !h.trusts(client) {
		return
	}
	hops := h.hops(r.Header)
	var seen hop
	for i := len(hops) - 1; i >= 0 && i >= len(hops)-maxHops && h.trusts(client) && hops[i].addr.IsValid(); i-- {
		client, seen = hops[i].addr, hops[i]
	}
	r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
	if !h.Forwarded {
		seen.proto, seen.host = last(r.Header["X-Forwarded-Proto"]), last(r.Header["X-Forwarded-Host"])
	}
	if seen.host != "" && !strings.ContainsAny(seen.host, " /\\?#@<>\"'") {
		r.Host = seen.host
		r.URL.Scheme = "http"
	}
	if proto := strings.ToLower(seen.proto); proto == "http" || proto == "https" {
		r.URL.Scheme = proto
	}
}

// hops gives what the proxies say, the nearest last.
func (h *HTTPSettings) hops(header http.Header) (hops []hop) {
	if h.Forwarded {
		for _, element := range elements(header["Forwarded"]) {
			hops = append(hops, forwardedHop(element))
		}
		return hops
	}
	for _, element := range elements(header["X-Forwarded-For"]) {
		hops = append(hops, hop{addr: nodeAddr(element)})
	}
	return hops
}

// elements gives the elements of a header whose value is a list, also where it
// stands several times (RFC 9110 5.3). No value of ours has a comma in quotes.
func elements(values []string) (all []string) {
	for _, v := range values {
		for element := range strings.SplitSeq(v, ",") {
			all = append(all, strings.TrimSpace(element))
		}
	}
	return all
}

// last gives the last element of such a header, that of the nearest proxy.
func last(values []string) string {
	if all := elements(values); len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// forwardedHop reads an element of Forwarded: for="[2001:db8::1]:4711";proto=https;host=example.com (RFC 7239 4).
func forwardedHop(element string) (h hop) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "for":
			h.addr = nodeAddr(value)
		case "proto":
			h.proto = value
		case "host":
			h.host = value
		}
	}
	return h
}

// nodeAddr reads an address with or without a port: 192.0.2.1, 192.0.2.1:80,
// 2001:db8::1, [2001:db8::1] and [2001:db8::1]:80. Others, such as unknown, are
// invalid.
func nodeAddr(text string) netip.Addr {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	addr, _ := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return addr.Unmap().WithZone("")
}
