package config

import (
	"fmt"
	"strings"

	"kurir/account"
	"kurir/message"
)

// Dialects are the HTTP interfaces of other gateways that Kurir answers to (docs/compatibility.md).
type Dialects struct {
	// Kannel is what its smsbox has under /cgi-bin.
	Kannel Dialect `yaml:"kannel"`
	// KannelAdmin is what its bearerbox has on its admin-port: status, start-smsc and the like. Without
	// kannel_admin_password it is not there.
	KannelAdmin Dialect `yaml:"kannel_admin"`
	// KannelAdminPassword is the password of every command of kannel_admin.
	KannelAdminPassword message.Secret `yaml:"kannel_admin_password"`
	// KannelStatusPassword is one of status and store-status alone. Empty: they need none.
	KannelStatusPassword message.Secret `yaml:"kannel_status_password"`
	// Twilio is the Messages resource of its API 2010-04-01.
	Twilio Dialect `yaml:"twilio"`
	// Plain is numbers and text in an address, under /sms and on / itself: ?numbers=0701234567,0707654321&text=...
	Plain Dialect `yaml:"plain"`
	// Jasmin is its HTTP interface: /send, /rate, /balance and /ping.
	Jasmin Dialect `yaml:"jasmin"`
	// JasminREST is its RESTful interface: /secure/send, /secure/sendbatch, /secure/balance and /secure/rate.
	JasminREST Dialect `yaml:"jasmin_rest"`
	// Ozeki is its HTTP interface: /api, /httpapi and /ozeki.
	Ozeki Dialect `yaml:"ozeki"`
	// JasminAck says when a call of Jasmin's kind counts as received: exact, when it is answered ACK/Jasmin; any, also with
	// any 2xx. Empty: exact.
	JasminAck string `yaml:"jasmin_ack" example:"exact"`
}

// Dialect is where and to whom the interface of another gateway is served.
type Dialect struct {
	// Off takes it away.
	Off bool `yaml:"off" example:"false"`
	// Listen is a host:port of its own, on which nothing else is served; it is then not on that of http. Empty: with http.
	Listen string `yaml:"listen"`
	// TLS encrypts its own port. Left out: plain.
	TLS TLS `yaml:"tls"`
	// Path is where its paths begin, / for at once. Empty: as docs/compatibility.md says.
	Path string `yaml:"path"`
	// Addresses from which it may be used, as networks (192.0.2.0/24) or single addresses. Empty: from anywhere. What
	// accounts say of addresses holds besides.
	Addresses []string `yaml:"addresses" example:"[127.0.0.0/8, \"::1\"]"`
}

// NamedDialect is one of the dialects by its name.
type NamedDialect struct {
	Name string
	*Dialect
}

// All gives every dialect by its name.
func (d *Dialects) All() []NamedDialect {
	return []NamedDialect{
		{message.ViaKannel.String(), &d.Kannel},
		{"kannel_admin", &d.KannelAdmin},
		{message.ViaPlain.String(), &d.Plain},
		{message.ViaJasmin.String(), &d.Jasmin},
		{"jasmin_rest", &d.JasminREST},
		{message.ViaOzeki.String(), &d.Ozeki},
		{message.ViaTwilio.String(), &d.Twilio},
	}
}

// Listener is the port of its own; without an address if it has none.
func (d *Dialect) Listener() Listener {
	if d.Off {
		return Listener{}
	}
	return Listener{Listen: d.Listen, TLS: d.TLS}
}

// checkDialects reports what is wrong with the settings of dialects.
func (d *decoder) checkDialects(f *File) {
	if ack := f.Dialects.JasminAck; ack != "" && ack != "exact" && ack != "any" {
		d.report("dialects.jasmin_ack", quote(ack)+" is neither exact nor any")
	}
	if f.Dialects.KannelAdminPassword == "" && (f.Dialects.KannelAdmin.Listen != "" || f.Dialects.KannelStatusPassword != "") {
		d.report("dialects.kannel_admin_password", "is missing: without it there is no kannel_admin")
	}
	for _, one := range f.Dialects.All() {
		field := "dialects." + one.Name
		d.checkListener(field, Listener{Listen: one.Listen, TLS: one.TLS})
		if one.Listen == "" && one.TLS != (TLS{}) {
			d.report(field+".tls", "is for listen, a port of its own; without it the dialect is served where http is")
		}
		if one.Path != "" && one.Path != "/" && (!strings.HasPrefix(one.Path, "/") || strings.HasSuffix(one.Path, "/") || strings.ContainsAny(one.Path, " {}?#%")) {
			d.report(field+".path", "is no path such as /cgi-bin")
		}
		for i, network := range one.Addresses {
			if _, err := account.ParseNetwork(network); err != nil {
				d.report(fmt.Sprintf("%s.addresses[%d]", field, i), quote(network)+" is neither a network such as 10.0.0.0/8 nor an address")
			}
		}
	}
}
