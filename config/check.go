package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/gateway"
	"kurir/message"
	"kurir/route"
	"kurir/store"
	"kurir/ucp"
)

// check reports what is wrong with a file that was read, and normalises the numbers that accounts own.
func (d *decoder) check(f *File) {
	d.checkServer(f)
	d.checkHTTP(&f.HTTP)
	d.checkListener("smpp", f.SMPP)
	d.checkListener("ucp", f.UCP)
	d.checkListener("cimd2", f.CIMD2)
	d.checkSMTP(f)
	d.checkDialects(f)
	taken := map[string]string{f.HTTP.Listen: "http"}
	for _, l := range []struct{ field, listen string }{{"smpp", f.SMPP.Listen}, {"ucp", f.UCP.Listen}, {"cimd2", f.CIMD2.Listen}} {
		if other := taken[l.listen]; l.listen != "" && other != "" && !strings.HasSuffix(l.listen, ":0") {
			d.report(l.field+".listen", "is the address of "+other+" too")
		}
		taken[l.listen] = l.field
	}
	d.checkTLVs(f.TLVs)
	account.ValidatePredefined(f.Predefined, d.report)
	f.Secret.Validate(d.within("secret"))
	d.checkSecrets(&f.Secrets)
	d.checkFilters(f)
	tlvs := f.TLVDictionary()
	links := d.checkConnectors(f.Connectors, tlvs)
	names := d.checkAccounts(f, tlvs)
	d.checkChosenLinks(f, links)
	d.checkPrices(f, links)
	d.checkDimensions(f, tlvs)
	d.checkFieldTLVs(f, tlvs)
	d.checkNumberLists(f)
	d.readNetworks(f.Networks)
	for i := range f.Routes {
		path := fmt.Sprintf("routes[%d]", i)
		f.Routes[i].Validate(d.within(path))
		d.checkRoute(&f.Routes[i], path, links, names)
		d.checkGroups(&f.Routes[i], path, f.Accounts)
		d.checkFilter(f, path, f.Routes[i].Filter)
		if name := f.Routes[i].Prices; name != "" && !slices.ContainsFunc(f.Prices, func(p PriceList) bool { return p.Name == name }) {
			d.report(path+".prices", "no price list is named "+quote(name))
		}
	}
	f.Alarms.Validate(d.within("alarms"))
	if name := f.Alarms.SMS.Account; name != "" && !slices.Contains(names, name) {
		d.report("alarms.sms.account", "no account is named "+quote(name)+known(names))
	}
	retried := once{d: d, what: "the failure"}
	for i := range f.Retries {
		path := fmt.Sprintf("retries[%d]", i)
		f.Retries[i].Validate(d.within(path))
		retried.see(path+".failure", f.Retries[i].Failure)
	}
	scheduled := once{d: d, what: "the schedule"}
	for i := range f.Schedules {
		s, path := &f.Schedules[i], fmt.Sprintf("schedules[%d]", i)
		s.Validate(d.within(path))
		scheduled.see(path+".name", s.Name)
		if !slices.Contains(names, s.Account) {
			d.report(path+".account", "no account is named "+quote(s.Account)+known(names))
		}
	}
	d.checkMaintenance(f, links)
	for i := range f.Inbound {
		d.checkInbound(&f.Inbound[i], fmt.Sprintf("inbound[%d]", i), links, names)
	}
	d.checkRotas(f, names)
	d.checkRecipients(f)
	d.checkSeries(f)
	d.checkCommands(f)
	d.checkReplies(f.Replies, links)
	d.checkMail(f, links)
}

// checkFilters reports mistakes in filters, and accounts that name one that is not there.
func (d *decoder) checkFilters(f *File) {
	seen := once{d: d, what: "the name"}
	for i := range f.Filters {
		path := fmt.Sprintf("filters[%d]", i)
		f.Filters[i].Validate(d.within(path))
		seen.see(path+".name", f.Filters[i].Name)
	}
	for i := range f.Accounts {
		d.checkFilter(f, fmt.Sprintf("accounts[%d]", i), f.Accounts[i].Filter)
	}
}

// checkFilter reports the name of a filter that is not there.
func (d *decoder) checkFilter(f *File, path, name string) {
	if name == "" {
		return
	}
	var names []string
	for i := range f.Filters {
		names = append(names, f.Filters[i].Name)
	}
	if !slices.Contains(names, name) {
		d.report(path+".filter", "no filter is named "+quote(name)+known(names))
	}
}

// nodeName is what names of servers are like; so are those of machines.
var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// checkServer reports what is wrong with the settings of the server itself.
func (d *decoder) checkServer(f *File) {
	if err := store.CheckDatabase(f.Database); err != nil {
		d.report("database", err.Error())
	}
	switch {
	case f.DatabaseListen == "":
	case !store.IsPostgres(f.Database):
		d.report("database_listen", "is for a database that is a PostgreSQL")
	case !store.IsPostgres(f.DatabaseListen):
		d.report("database_listen", "is not postgres://user:password@host:5432/database")
	default:
		if err := store.CheckDatabase(f.DatabaseListen); err != nil {
			d.report("database_listen", err.Error())
		}
	}
	if f.Node != "" && !nodeName.MatchString(f.Node) {
		d.report("node", "is not made of 1 to 64 letters a to z, digits, dots, hyphens and underscores")
	}
	if problem := message.CallingCodeProblem(f.Country); f.Country != "" && problem != "" {
		d.report("country", problem)
	}
	if f.Limits.MaxParts < 1 || f.Limits.MaxParts > 255 {
		d.report("limits.max_parts", "is not within 1 to 255 (3GPP TS 23.040 9.2.3.24.1)")
	}
	if f.JoinWait != 0 && (f.JoinWait < time.Minute || f.JoinWait > 30*24*time.Hour) {
		d.report("join_wait", "is not between 1m and 30d")
	}
	for field, n := range map[string]int{
		"limits.body": f.Limits.Body, "limits.connections": f.Limits.Connections, "limits.connections_per_address": f.Limits.ConnectionsPerAddress,
		"limits.requests": f.Limits.Requests, "limits.requests_per_account": f.Limits.RequestsPerAccount,
		"events.streams": f.Events.Streams, "events.per_account": f.Events.PerAccount,
	} {
		if n < 0 {
			d.report(field, "is less than 0")
		}
	}
	for field, span := range map[string]time.Duration{
		"validity": f.Validity, "retention.texts": f.Retention.Texts, "retention.messages": f.Retention.Messages,
		"retention.counters": f.Retention.Counters,
		"webhooks.timeout":   f.Webhooks.Timeout, "webhooks.max_age": f.Webhooks.MaxAge,
	} {
		if span < 0 {
			d.report(field, "is less than 0")
		}
	}
	if f.Webhooks.Timeout > time.Minute {
		d.report("webhooks.timeout", "is more than 1m: an orderly stop waits for the calls under way")
	}
	switch keep := f.Events.Keep; {
	case keep < time.Minute || keep > 30*24*time.Hour:
		d.report("events.keep", "is not between 1m and 30d")
	case f.Retention.Messages > 0 && keep > f.Retention.Messages:
		d.report("events.keep", "is longer than retention.messages: there would be events without their messages")
	}
	for i, network := range f.Webhooks.Allow {
		if _, err := account.ParseNetwork(network); err != nil {
			d.report(fmt.Sprintf("webhooks.allow[%d]", i), quote(network)+" is neither a network such as 10.0.0.0/8 nor an address")
		}
	}
	d.oneOf("log.level", f.Log.Level, "debug", "info", "warn", "error")
	d.oneOf("log.format", f.Log.Format, "text", "json")
}

// oneOf reports a value that is none of those that there are.
func (d *decoder) oneOf(field, value string, values ...string) {
	if !slices.Contains(values, value) {
		d.report(field, quote(value)+" is not one of "+strings.Join(values, ", "))
	}
}

// checkListener reports an address that cannot be listened on and a certificate that cannot be used.
func (d *decoder) checkListener(field string, l Listener) {
	if problem := message.HostPortProblem(l.Listen, 0, "127.0.0.1:8080 or :8080"); l.Listen != "" && problem != "" {
		d.report(field+".listen", problem)
	}
	problem := message.HostPortProblem(l.TLSListen, 0, "127.0.0.1:3550")
	switch {
	case l.TLSListen == "":
	case problem != "":
		d.report(field+".tls_listen", problem)
	case l.TLS.Cert == "":
		d.report(field+".tls_listen", "needs tls: {cert, key}")
	case l.Listen == "":
		d.report(field+".tls_listen", "is for TLS beside a plain listen; with tls alone give listen")
	case l.TLSListen == l.Listen && !strings.HasSuffix(l.Listen, ":0"):
		d.report(field+".tls_listen", "is the address of listen too")
	}
	for i, network := range l.Proxy {
		if _, err := account.ParseNetwork(network); err != nil {
			d.report(fmt.Sprintf("%s.proxy[%d]", field, i), quote(network)+" is neither a network such as 10.0.0.0/8 nor an address")
		}
	}
	if l.TLS.RequireClientCert && l.TLS.ClientCA == "" {
		d.report(field+".tls.require_client_cert", "needs client_ca, the authorities of the clients' certificates")
	}
	switch {
	case l.TLS.Cert == "" && l.TLS.Key == "" && l.TLS.ClientCA != "":
		d.report(field+".tls", "cert and key are missing")
	case l.TLS.Cert == "" && l.TLS.Key == "":
	case l.TLS.Cert == "":
		d.report(field+".tls", "cert is missing: key and cert belong together")
	case l.TLS.Key == "":
		d.report(field+".tls", "key is missing: key and cert belong together")
	default:
		if _, err := l.TLS.Config(); err != nil {
			d.report(field+".tls", "the certificate cannot be used: "+err.Error())
		}
	}
}

// checkTLVs reports mistakes in the names and tags of parameters.
func (d *decoder) checkTLVs(definitions []message.TLVDefinition) {
	byName, byTag := once{d: d, what: "the name"}, once{d: d, what: "the tag"}
	for i := range definitions {
		path := fmt.Sprintf("tlvs[%d]", i)
		definitions[i].Validate(d.within(path))
		byName.see(path+".name", definitions[i].Name)
		if tag, ok := definitions[i].Number(); ok {
			byTag.see(path+".tag", fmt.Sprintf("0x%04X", tag))
		}
	}
}

// TLVDictionary returns the parameters of SMPP that the file knows by name.
func (f *File) TLVDictionary() *message.TLVDictionary { return message.NewTLVDictionary(f.TLVs) }

// checkConnectors reports mistakes in the links and gives the names that there are.
func (d *decoder) checkConnectors(connectors []Connector, tlvs *message.TLVDictionary) []string {
	var names []string
	seen := once{d: d, what: "the name"}
	for i := range connectors {
		c := &connectors[i]
		path := fmt.Sprintf("connectors[%d]", i)
		if c.Settings != nil {
			c.Settings.Validate(d.within(path))
			if listed, ok := c.Settings.(interface{ ForgetContacts() }); ok {
				listed.ForgetContacts()
			}
			if s, ok := c.Settings.(*connector.SMPPConfig); ok {
				s.Resolve(tlvs, d.within(path))
			}
			every := c.Settings.Every()
			route.ValidateCountries("source", every.Source, d.within(path))
			route.ValidateCountries("destination", every.Destination, d.within(path))
		}
		if seen.see(path+".name", c.Name) && c.Name != "" {
			names = append(names, c.Name)
		}
	}
	return names
}

// checkChosenLinks reports connectors of accounts' requests that are not there.
func (d *decoder) checkChosenLinks(f *File, links []string) {
	for i := range f.Accounts {
		for field, name := range f.Accounts[i].Kannel.Links() {
			if name != "" && !slices.Contains(links, name) {
				d.report(fmt.Sprintf("accounts[%d].kannel.%s", i, field), "no connector is named "+quote(name)+known(links))
			}
		}
	}
}

// checkAccounts reports mistakes in the accounts and gives the names that there are.
func (d *decoder) checkAccounts(f *File, tlvs *message.TLVDictionary) []string {
	var names []string
	byName, bySystem := once{d: d, what: "the name"}, once{d: d, what: "the system_id"}
	byUCP, byCIMD2 := once{d: d, what: "the name over UCP"}, once{d: d, what: "the name over CIMD2"}
	account.MarkKeyed(f.Accounts, f.Keys)
	account.CheckTree(f.Accounts, func(i int, field, problem string) {
		d.report(fmt.Sprintf("accounts[%d].%s", i, field), problem)
	})
	byKey, byNumber := once{d: d, what: "the key", secret: true}, once{d: d, what: "the number"}
	byNetwork, bySID, byHost := once{d: d, what: "the network"}, once{d: d, what: "the SID"}, once{d: d, what: "the host of the web pages"}
	for i := range f.Accounts {
		a := &f.Accounts[i]
		path := fmt.Sprintf("accounts[%d]", i)
		a.Validate(d.within(path))
		a.ValidateLogins(ucp.AlphabetNames(), d.within(path))
		a.Resolve(tlvs, d.within(path))
		route.ValidateCountries("source", a.Source, d.within(path))
		route.ValidateCountries("destination", a.Destination, d.within(path))
		a.Predefined = withTexts(a.Predefined, f.Predefined)
		d.checkSenders(a, path, f.Country)
		if f.SMPP.Listen != "" && a.SMPP.SystemID == "" && len(a.Name) > account.MaxSystemID && (a.Password != "" || a.SMPP.Password != "") {
			d.report(path+".name", fmt.Sprintf("is longer than the %d characters that a system_id may have: give smpp: {system_id} too, to bind with", account.MaxSystemID))
		}
		if a.SMPP.Certificate != "" && f.SMPP.TLS.ClientCA == "" {
			d.report(path+".smpp.certificate", "needs smpp: {tls: {client_ca}} of the server, the authorities of the customers' certificates; without it the account can never bind")
		}
		if byName.see(path+".name", a.Name) {
			field := path + ".name"
			if a.SMPP.SystemID != "" {
				field = path + ".smpp.system_id"
			}
			bySystem.see(field, a.SystemID())
			byUCP.see(path+".ucp.name", a.UCP.Name)
			byCIMD2.see(path+".cimd2.name", a.CIMD2.Name)
		}
		byHost.see(path+".web.host", a.Web.Host)
		for _, sid := range a.Twilio.SIDs() {
			bySID.see(path+".twilio", sid)
		}
		for k, text := range a.PlainFrom {
			if network, err := account.ParseNetwork(text); err == nil {
				byNetwork.see(fmt.Sprintf("%s.plain_from[%d]", path, k), network.String())
			}
		}
		for k, key := range a.APIKeys {
			byKey.see(fmt.Sprintf("%s.api_keys[%d]", path, k), account.Seal("key", key.Reveal()))
		}
		d.checkNumbers(a, path, f.Country, &byNumber)
		d.checkLists(a, path, f.Country)
		if a.Name != "" {
			names = append(names, a.Name)
		}
	}
	d.checkKeys(f.Keys, names, &byKey)
	d.checkUsers(f.Users, names)
	d.checkNotices(f.Notices, names)
	if name := f.HTTP.UserNew.Account; name != "" && !slices.Contains(names, name) {
		d.report("http.user_new.account", "no account is named "+quote(name)+known(names))
	}
	return names
}

// withTexts adds to an account's texts those of the server that it does not have.
func withTexts(own, server map[string]string) map[string]string {
	if len(server) == 0 {
		return own
	}
	all := maps.Clone(server)
	maps.Copy(all, own)
	return all
}

// checkSenders brings the senders of an account into the form in which addresses hold them.
func (d *decoder) checkSenders(a *account.Account, path, country string) {
	country = cmp.Or(a.Country, country)
	if a.Sender != "" {
		if sender, err := route.Sender(a.Sender, country); err != nil {
			d.report(path+".sender", err.Error())
		} else {
			a.Sender = sender.String()
		}
	}
	for i, pattern := range a.Senders {
		if problem := route.SenderPatternProblem(pattern, country); problem != "" {
			d.report(fmt.Sprintf("%s.senders[%d]", path, i), problem)
		}
		a.Senders[i] = route.SenderPattern(pattern, country)
	}
}

// checkNumbers brings the numbers of an account into the form in which addresses hold them.
func (d *decoder) checkNumbers(a *account.Account, path, country string, seen *once) {
	country = cmp.Or(a.Country, country)
	for n, number := range a.Numbers {
		field := fmt.Sprintf("%s.numbers[%d]", path, n)
		address, err := route.Normalise(number, country)
		if err != nil {
			d.report(field, err.Error())
			continue
		}
		seen.see(field, address.Number)
		a.Numbers[n] = address.Number
	}
}

// checkLists brings the numbers of distribution lists into the form in which addresses hold them.
func (d *decoder) checkLists(a *account.Account, path, country string) {
	country = cmp.Or(a.Country, country)
	for i := range a.Lists {
		for n, number := range a.Lists[i].Numbers {
			address, err := route.Normalise(number, country)
			if err != nil {
				d.report(fmt.Sprintf("%s.lists[%d].numbers[%d]", path, i, n), err.Error())
				continue
			}
			a.Lists[i].Numbers[n] = address.String()
		}
	}
}

// checkRoute reports links and accounts that a rule names and that there are not.
func (d *decoder) checkRoute(r *route.Rule, path string, links, accounts []string) {
	for i, hop := range r.Via {
		field := route.Item(path+".via", i, len(r.Via))
		switch {
		case hop.Link == "":
		case !slices.Contains(links, hop.Link):
			d.report(field, "no connector is named "+quote(hop.Link)+known(links))
		case slices.Index(r.Via.Links(), hop.Link) < i:
			d.report(field, "the connector "+quote(hop.Link)+" is named twice")
		}
	}
	for i, name := range r.Account {
		if !strings.HasSuffix(name, "*") && name != "" && !slices.Contains(accounts, name) {
			d.report(route.Item(path+".account", i, len(r.Account)), "no account is named "+quote(name)+known(accounts))
		}
	}
}

// checkGroups reports groups that a rule names and that no account is in.
func (d *decoder) checkGroups(r *route.Rule, path string, accounts []account.Account) {
	for i, name := range r.Group {
		in := func(a account.Account) bool { return slices.Contains(a.Groups, name) }
		if !strings.HasSuffix(name, "*") && name != "" && !slices.ContainsFunc(accounts, in) {
			d.report(route.Item(path+".group", i, len(r.Group)), "no account is in a group "+quote(name)+"; name it under groups of an account")
		}
	}
}

// checkReplies reports what is wrong with the numbers that answers are written to.
func (d *decoder) checkReplies(rules []gateway.ReplyRule, links []string) {
	numbers := once{d: d, what: "the number"}
	for i := range rules {
		r, path := &rules[i], fmt.Sprintf("replies[%d]", i)
		r.Validate(d.within(path))
		numbers.see(path+".number", strings.TrimPrefix(r.Number, "+"))
		for n := range i {
			if o := &rules[n]; strings.TrimPrefix(o.Number, "+") != strings.TrimPrefix(r.Number, "+") && r.Overlaps(o) {
				d.report(path+".number", fmt.Sprintf("with the digits of dialogs, %s and %s of replies[%d] can be the same number; choose other digits", r.Number, o.Number, n))
			}
		}
		for field, named := range map[string][]string{"links": r.Links, "phone_links": r.PhoneLinks} {
			for n, link := range named {
				if !slices.Contains(links, link) {
					d.report(fmt.Sprintf("%s.%s[%d]", path, field, n), "no connector is named "+quote(link)+known(links))
				}
			}
		}
	}
}

// checkInbound reports what is wrong with a rule for messages from phones.
func (d *decoder) checkInbound(r *gateway.InboundRule, path string, links, accounts []string) {
	r.Validate(d.within(path))
	if r.Account != "" && !slices.Contains(accounts, r.Account) {
		d.report(path+".account", "no account is named "+quote(r.Account)+known(accounts))
	}
	for i, name := range r.Link {
		if !strings.HasSuffix(name, "*") && !slices.Contains(links, name) {
			d.report(route.Item(path+".link", i, len(r.Link)), "no connector is named "+quote(name)+known(links))
		}
	}
	for i, action := range r.Do {
		for field, name := range map[string]string{"smpp": action.SMPP, "mailbox": action.Mailbox} {
			if name != "" && !slices.Contains(accounts, name) {
				d.report(fmt.Sprintf("%s.do[%d].%s", path, i, field), "no account is named "+quote(name)+known(accounts))
			}
		}
	}
}

// checkSeries reports what is wrong with the series of case numbers, and rules that name one that is not there.
func (d *decoder) checkSeries(f *File) {
	var names []string
	seen := once{d: d, what: "the name"}
	for i := range f.Series {
		path := fmt.Sprintf("series[%d]", i)
		f.Series[i].Validate(d.within(path))
		f.Series[i].Resolve(f.TLVDictionary(), d.within(path))
		if name := f.Series[i].Name; seen.see(path+".name", name) && name != "" {
			names = append(names, name)
		}
	}
	for i := range f.Inbound {
		for n, action := range f.Inbound[i].Do {
			if action.Register != "" && !slices.Contains(names, action.Register) {
				d.report(fmt.Sprintf("inbound[%d].do[%d].register", i, n), "no series is named "+quote(action.Register)+known(names))
			}
		}
	}
}

// once reports what is given more than once.
type once struct {
	d      *decoder
	what   string
	secret bool // never quoted
	first  map[string]string
}

// see notes a value. It reports one that was there before, and returns false.
func (o *once) see(field, value string) bool {
	if value == "" {
		return true
	}
	if before, ok := o.first[value]; ok {
		what := o.what
		if !o.secret {
			what += " " + quote(value)
		}
		o.d.report(field, what+" is given twice; the first is "+o.d.where(before))
		return false
	}
	if o.first == nil {
		o.first = map[string]string{}
	}
	o.first[value] = field
	return true
}

// known ends a sentence with the names that there are.
func known(names []string) string {
	switch {
	case len(names) == 0:
		return "; there are none"
	case len(names) > 20:
		return fmt.Sprintf("; known: %s and %d more", strings.Join(names[:20], ", "), len(names)-20)
	}
	return "; known: " + strings.Join(names, ", ")
}

// quote puts a value into quotes, its beginning if it is long.
func quote(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%.80q...", s)
	}
	return strconv.Quote(s)
}
