package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math"
	"os"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/command"
	"kurir/directory"
	"kurir/filter"
	"kurir/gateway"
	"kurir/message"
	"kurir/rota"
	"kurir/route"
)

// File is the description of one server.
type File struct {
	// Data is the folder of the embedded database and what else the server keeps. Empty: ./data.
	Data string `yaml:"data" example:"./data"`
	// Database is sqlite, kept in the data folder, or a PostgreSQL from 15 on that several servers may share, as
	// postgres://user:password@host:5432/name; several hosts, separated by commas, are tried in turn. docs/postgres.md says more. Empty: sqlite.
	Database string `yaml:"database" example:"sqlite"`
	// DatabaseListen is another address of the same PostgreSQL database, for the one connection by which this server hears
	// of what others leave for it: the server itself, where database is that of a pooler which gives each transaction another
	// connection. Empty: database.
	DatabaseListen string `yaml:"database_listen"`
	// Node is the name of this server among several that share a PostgreSQL, each of which has another. Empty: the name of
	// the machine. With sqlite there is one, and the name is shown only.
	Node string `yaml:"node"`
	// HTTP is where the REST interface, the Kannel-compatible interface, the web pages, /metrics, /healthz and
	// /readyz are served.
	HTTP HTTP `yaml:"http" example:"{listen: \"127.0.0.1:8080\"}"`
	// SMPP is where customers bind as ESMEs. Empty: nowhere.
	SMPP Listener `yaml:"smpp" example:"{listen: \"127.0.0.1:2775\"}"`
	// UCP is where customers log in over EMI/UCP. Empty: nowhere.
	UCP Listener `yaml:"ucp" example:"{listen: \"127.0.0.1:5000\"}"`
	// CIMD2 is where customers log in over CIMD2. Empty: nowhere.
	CIMD2 Listener `yaml:"cimd2" example:"{listen: \"127.0.0.1:9971\"}"`
	// SMTP is where mails to phones are taken; docs/mail.md describes it. Empty: nowhere.
	SMTP SMTP `yaml:"smtp"`
	// Secrets is the key by which secrets of what is made over REST are encrypted in the database; docs/resources.md says more.
	Secrets Secrets `yaml:"secrets"`
	// Dialects are the HTTP interfaces of other gateways, so that their clients work unchanged.
	Dialects Dialects `yaml:"dialects"`
	// Country is the calling code given to numbers written nationally (070-123 45 67), such as "46". Empty: such
	// numbers are refused. In countries whose national numbers have no leading 0 (such as 1, 7, 34, 39, 45, 47, 48, 91),
	// digits that fit a number of the country are taken for one; write others with +.
	Country string `yaml:"country" example:"\"46\""`
	// Validity is how long messages are tried that do not say so, and whose account does not. 0: 48h.
	Validity time.Duration `yaml:"validity" example:"48h"`
	// JoinWait is how long parts of a long text from a phone are waited for, 1m to 30 days; then what came is delivered, and
	// missing_parts says how many did not. 0: 24h.
	JoinWait time.Duration `yaml:"join_wait" example:"24h"`
	// Limits is what is refused because it is too much.
	Limits Limits `yaml:"limits"`
	// Retention is how long the database keeps what is done.
	Retention Retention `yaml:"retention"`
	// Webhooks is how states and inbound messages are pushed.
	Webhooks Webhooks `yaml:"webhooks"`
	// Events is what accounts that follow GET /v1/events can go on from, and how many may.
	Events Events `yaml:"events"`
	// Log is what is written to standard error.
	Log Log `yaml:"log"`
	// Mail is the mail server by which what phones write reaches people, and where it goes; docs/mail-out.md describes it.
	// Left out: no mail.
	Mail *gateway.Mail `yaml:"mail"`
	// Aliases are words and numbers that stand for mail addresses; they come before those of the file that mail names.
	Aliases []directory.Alias `yaml:"aliases"`
	// Alarms is what people ought to look at, and who is told.
	Alarms alarm.Settings `yaml:"alarms"`
	// TLVs are optional parameters beyond those of the specification, given names for the tlvs of connectors, accounts
	// and requests.
	TLVs []message.TLVDefinition `yaml:"tlvs"`
	// Predefined are texts by the number that SMPP customers give in sm_default_msg_id instead of a text, 1 to 254:
	// number: text. An account's own come first. Empty: none.
	Predefined map[string]string `yaml:"predefined"`
	// Secret says which texts of all accounts are shown to nobody and erased when the message is final.
	Secret account.SecretTexts `yaml:"secret"`
	// Connectors are the links to operators.
	Connectors []Connector `yaml:"connectors"`
	// Filters are programs and URLs that are asked about messages before these are accepted; accounts and routes name them.
	Filters []filter.Config `yaml:"filters"`
	// Prices are price lists, which accounts name. Empty: messages cost nothing.
	Prices []PriceList `yaml:"prices"`
	// Dimensions are up to four ways in which the cost of messages is put down to somebody, such as a cost centre; messages
	// name values themselves, or have those of their accounts. docs/billing.md describes them. Empty: none.
	Dimensions []message.CostDimension `yaml:"dimensions"`
	// Traffic is what is too much or suspicious of each account's messages, for accounts that say nothing of it.
	Traffic *account.Traffic `yaml:"traffic"`
	// Networks is the table of networks by number, for routes, prices and limits. Countries are known without it.
	Networks *Networks `yaml:"networks"`
	// Lists are numbers and senders that are blocked or allowed, for the whole system, accounts or routes; docs/numbers.md
	// describes them. They are no distribution lists, which are an account's own.
	Lists []directory.List `yaml:"lists"`
	// Accounts are the customers.
	Accounts []account.Account `yaml:"accounts"`
	// Keys are API keys that may less than their account, or for a time only; docs/api.md describes them.
	Keys []account.Key `yaml:"keys"`
	// Users are the people who sign in to the web pages; docs/web.md describes them.
	Users []account.User `yaml:"users"`
	// Notices are what people are told at the top of the web pages for a time; docs/console-settings.md describes them.
	Notices []account.Notice `yaml:"notices"`
	// Routes say which links carry which messages; the first rule that matches counts.
	Routes []route.Rule `yaml:"routes"`
	// Retries says how messages are tried again that failed in a way that passes, a rule for each kind of failure. Left
	// out: as in docs/failures.md.
	Retries []gateway.RetryRule `yaml:"retries"`
	// Rotas say who is on duty; docs/rota.md describes them. Messages reach them by rota:NAME.
	Rotas []rota.Rota `yaml:"rotas"`
	// Maintenance is planned times in which links or interfaces may be down; docs/reports.md describes them.
	Maintenance []gateway.Maintenance `yaml:"maintenance"`
	// Schedules is messages that are sent again and again.
	Schedules []gateway.Schedule `yaml:"schedules"`
	// Inbound says where messages from phones go; the first rule that matches counts. What matches none is the account's
	// that has the number written to; what is nobody's waits in the inbox (docs/inbound.md).
	Inbound []gateway.InboundRule `yaml:"inbound"`
	// Commands are programs on this machine that rules start for messages from phones (docs/inbound.md).
	Commands []command.Config `yaml:"commands"`
	// Series are case numbers that rules give to messages from phones.
	Series []gateway.Series `yaml:"series"`
	// Replies are the numbers of ours of which answers from phones are tied to the messages that they answer: by digits of a
	// dialog, before the rules under inbound, or, where none of those matches, to the last that was sent from there to the phone.
	Replies []gateway.ReplyRule `yaml:"replies"`
	// OwnAliases are those under aliases.
	OwnAliases *directory.Aliases `yaml:"-"`
	// MailAliases are those of the file that mail names.
	MailAliases *directory.Aliases `yaml:"-"`
	// Warnings are what has no effect as it is written, though it is no mistake.
	Warnings Errors `yaml:"-"`

	source *source // what it was read from; nil for one that was not
	mixed  bool    // with what was made over REST
}

// Listener is where an interface is served; HTTP has its fields too.
type Listener struct {
	// Listen is host:port; a port of 0 takes a free one. Empty: it is not served.
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
}

// TLS is the certificate that an interface shows.
type TLS struct {
	// Cert is the file of the certificate and those between it and the root, PEM.
	Cert string `yaml:"cert"`
	// Key is the file of its private key, PEM.
	Key string `yaml:"key"`
	// ClientCA is the file of the authorities whose certificates clients may show, PEM. Empty: clients are not asked for
	// one.
	ClientCA string `yaml:"client_ca"`
	// RequireClientCert refuses clients without a certificate of client_ca.
	RequireClientCert bool `yaml:"require_client_cert"`
}

// Config reads the files of the certificates.
func (t *TLS) Config() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if t.ClientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return nil, err
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", t.ClientCA)
	}
	if t.RequireClientCert {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// Limits is what is refused because it is too much.
type Limits struct {
	// MaxParts is the number of parts that one message may have, 1 to 255. 0: 10.
	MaxParts int `yaml:"max_parts" example:"10"`
	// Body is the largest HTTP request in octets. 0: 1 MiB.
	Body int `yaml:"body" example:"1048576"`
	// Connections is how many connections each interface serves at a time. 0: as many as the system's limit on open
	// files leaves, at most 10000.
	Connections int `yaml:"connections" example:"2000"`
	// ConnectionsPerAddress is how many of them may come from one address; those of trusted_proxies and of proxy are not
	// counted. 0: as many as connections.
	ConnectionsPerAddress int `yaml:"connections_per_address" example:"1000"`
	// Requests is how many HTTP requests are served at a time; more are answered with 503. 0: 4096.
	Requests int `yaml:"requests" example:"4096"`
	// RequestsPerAccount is how many of them one account may have; more are answered with 429. 0: 1024.
	RequestsPerAccount int `yaml:"requests_per_account" example:"1024"`
}

// Retention is how long the database keeps what is done.
type Retention struct {
	// Texts is how long after acceptance the texts of final messages are kept; those of inbound messages until every
	// target has them. 0: as long as the messages.
	Texts time.Duration `yaml:"texts" example:"30d"`
	// Messages is how long after acceptance final messages are kept, and inbound messages after they came; forever
	// keeps them all. 0: 90d.
	Messages time.Duration `yaml:"messages" example:"90d"`
	// Counters is how long the sums for reports are kept, which are per hour, account and connector; forever keeps
	// them all. 0: 400d.
	Counters time.Duration `yaml:"counters" example:"400d"`
}

// Forever is what the word forever means in Retention: longer than anything.
const Forever time.Duration = math.MaxInt64

// Events is what accounts that follow GET /v1/events can go on from, and how many may.
type Events struct {
	// Keep is how long events are kept, and for how long after the last stream of an account they go on being written, 1m
	// to 30 days. 0: 24h.
	Keep time.Duration `yaml:"keep" example:"24h"`
	// Streams is how many may be open at a time. 0: 5000.
	Streams int `yaml:"streams" example:"5000"`
	// PerAccount is how many of one account's events. 0: 100.
	PerAccount int `yaml:"per_account" example:"100"`
}

// Webhooks is how states and inbound messages are pushed.
type Webhooks struct {
	// Allow is the private networks that webhooks named in requests may lead to, such as 10.0.0.0/8, or single
	// addresses. Those in this file are trusted. Empty: none.
	Allow []string `yaml:"allow" example:"[127.0.0.0/8]"`
	// Timeout is how long a call may take, at most 1m. 0: 10s.
	Timeout time.Duration `yaml:"timeout" example:"10s"`
	// MaxAge is how long a call is tried again before it is given up. 0: 72h.
	MaxAge time.Duration `yaml:"max_age" example:"72h"`
}

// Log is what is written to standard error. Texts of messages, passwords and keys are never in it.
type Log struct {
	// Level is debug, info, warn or error. Empty: info.
	Level string `yaml:"level" example:"info"`
	// Format is text or json. Empty: text.
	Format string `yaml:"format" example:"text"`
}

// Default gives what holds where a file says nothing.
func Default() File {
	return File{
		Data:      "./data",
		Database:  "sqlite",
		HTTP:      HTTP{Listen: "127.0.0.1:8080"},
		Validity:  48 * time.Hour,
		Limits:    Limits{MaxParts: 10, Body: 1 << 20},
		Retention: Retention{Messages: 90 * 24 * time.Hour, Counters: 400 * 24 * time.Hour},
		Webhooks:  Webhooks{Timeout: 10 * time.Second, MaxAge: 72 * time.Hour},
		Events:    Events{Keep: 24 * time.Hour, Streams: 5000, PerAccount: 100},
		Log:       Log{Level: "info", Format: "text"},
	}
}

// fillZeros puts the default where a file says 0 or nothing explicitly.
func (f *File) fillZeros() {
	d := Default()
	set(&f.Data, d.Data)
	set(&f.Database, d.Database)
	set(&f.HTTP.Listen, d.HTTP.Listen)
	set(&f.Validity, d.Validity)
	set(&f.Limits.MaxParts, d.Limits.MaxParts)
	set(&f.Limits.Body, d.Limits.Body)
	set(&f.Retention.Messages, d.Retention.Messages)
	set(&f.Retention.Counters, d.Retention.Counters)
	set(&f.Webhooks.Timeout, d.Webhooks.Timeout)
	set(&f.Webhooks.MaxAge, d.Webhooks.MaxAge)
	set(&f.Events.Keep, d.Events.Keep)
	set(&f.Events.Streams, d.Events.Streams)
	set(&f.Events.PerAccount, d.Events.PerAccount)
	set(&f.Log.Level, d.Log.Level)
	set(&f.Log.Format, d.Log.Format)
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
