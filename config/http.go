package config

import (
	"fmt"
	"net/url"
	"strings"

	"kurir/account"
)

// HTTP is where the HTTP interfaces are served, and how they are reached from outside.
type HTTP struct {
	// Listen is host:port; a port of 0 takes a free one. Empty: 127.0.0.1:8080.
	Listen string `yaml:"listen"`
	// TLSListen is a second host:port, served with TLS beside the first, which is then plain. Empty: with tls the first
	// is served with TLS.
	TLSListen string `yaml:"tls_listen"`
	// TLS encrypts the interface. Left out: plain.
	TLS TLS `yaml:"tls"`
	// Proxy is the load balancers, as networks (10.0.0.0/8) or single addresses, that begin each connection with a
	// header of the PROXY protocol, version 1 or 2, which names the client. One of theirs without it is closed; others
	// are taken as they are. Empty: none.
	Proxy []string `yaml:"proxy"`
	// BaseURL is the address at which clients reach the interfaces, with the path in front of them if a reverse proxy
	// takes one off: https://sms.example.com/kurir. Addresses in answers begin with it. Empty: they begin with the path.
	BaseURL string `yaml:"base_url"`
	// TrustedProxies are the reverse proxies, as networks (10.0.0.0/8) or single addresses, whose headers say who the
	// client is. From others these headers are ignored. Empty: none.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// ForwardedBy is which headers of the trusted proxies are read: x-forwarded (X-Forwarded-For, -Proto and -Host) or forwarded
	// (RFC 7239). Of the others they may hand on what clients write. Empty: x-forwarded.
	ForwardedBy string `yaml:"forwarded_by"`
	// CORS are the origins, such as https://app.example.com, from which pages in browsers may use the REST interface; * are
	// all. Empty: none.
	CORS []string `yaml:"cors"`
	// SecondFactor are the roles, such as system, whose users sign in to the web pages with a second factor beside the password: who
	// has none sets one up with the next sign-in. Accounts can ask for it, too. Empty: none.
	SecondFactor []string `yaml:"second_factor"`
	// FrameOrigins are the origins, such as https://intranet.example.com, whose pages may show the web pages in a frame. Over TLS the
	// cookie then is one that browsers send within it (SameSite=None, Partitioned). Empty: none may.
	FrameOrigins []string `yaml:"frame_origins"`
	// UserHeader is the header by which a reverse proxy of trusted_proxies says who has signed in there, such as X-Remote-User: that
	// is the user of the web pages. From others it is taken away. Empty: none.
	UserHeader string `yaml:"user_header"`
	// UserNew is how a user is made whom that header names and who is not there yet. Left out: none is made.
	UserNew UserNew `yaml:"user_new"`
}

// UserNew is how users are made whom a reverse proxy names.
type UserNew struct {
	// Account of the user.
	Account string `yaml:"account"`
	// Role of the user. Empty: sender.
	Role string `yaml:"role"`
}

// Listener is where it is served.
func (h *HTTP) Listener() Listener {
	return Listener{Listen: h.Listen, TLSListen: h.TLSListen, TLS: h.TLS, Proxy: h.Proxy}
}

// checkHTTP reports what is wrong with how the HTTP interfaces are reached.
func (d *decoder) checkHTTP(h *HTTP) {
	d.checkListener("http", h.Listener())
	if u, err := url.Parse(h.BaseURL); h.BaseURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		d.report("http.base_url", quote(h.BaseURL)+" is no address such as https://sms.example.com or https://example.com/kurir")
	}
	for i, network := range h.TrustedProxies {
		if _, err := account.ParseNetwork(network); err != nil {
			d.report(fmt.Sprintf("http.trusted_proxies[%d]", i), quote(network)+" is neither a network such as 10.0.0.0/8 nor an address")
		}
	}
	if h.ForwardedBy != "" {
		d.oneOf("http.forwarded_by", h.ForwardedBy, "x-forwarded", "forwarded")
	}
	for i, role := range h.SecondFactor {
		d.oneOf(fmt.Sprintf("http.second_factor[%d]", i), role, account.Roles()...)
	}
	d.checkIntranet(h)
	for i, origin := range h.CORS {
		if origin != "*" && !isOrigin(origin) {
			d.report(fmt.Sprintf("http.cors[%d]", i), quote(origin)+" is no origin as browsers write it, such as https://app.example.com, nor *")
		}
	}
}

// isOrigin tells whether a text is an origin as browsers write it.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme+"://"+u.Host == text && u.Host != "" && text == strings.ToLower(text) && !strings.ContainsAny(text, " ;,'\"*")
}

// checkIntranet reports what is wrong with how the web pages live inside an intranet.
func (d *decoder) checkIntranet(h *HTTP) {
	for i, origin := range h.FrameOrigins {
		if !isOrigin(origin) || !strings.HasPrefix(origin, "http") {
			d.report(fmt.Sprintf("http.frame_origins[%d]", i), quote(origin)+" is no origin as browsers write it, such as https://intranet.example.com")
		}
	}
	if h.UserHeader != "" && (strings.Trim(strings.ToLower(h.UserHeader), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || !strings.Contains(h.UserHeader, "-")) {
		d.report("http.user_header", quote(h.UserHeader)+" is no name of a header such as X-Remote-User")
	}
	if h.UserHeader != "" && len(h.TrustedProxies) == 0 {
		d.report("http.user_header", "needs trusted_proxies: from others the header is not believed")
	}
	if h.UserNew == (UserNew{}) {
		return
	}
	if h.UserHeader == "" {
		d.report("http.user_new", "has no effect without user_header")
	}
	if h.UserNew.Account == "" {
		d.report("http.user_new.account", "is missing")
	}
	if role := h.UserNew.Role; role != "" && role != "sender" && role != "project" {
		d.report("http.user_new.role", quote(role)+" is not possible: who is made without being asked about is sender or project")
	}
}
