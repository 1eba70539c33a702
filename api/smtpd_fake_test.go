package api

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/rota"
	"kurir/route"
)

// mailFakeGateway accepts what its tests let it, and remembers everything.
type mailFakeGateway struct {
	mu      sync.Mutex
	ids     *message.IDs
	batches [][]*gateway.Submission
	refuse  map[string]*message.Failure     // by recipient
	all     *message.Failure                // of every recipient
	silent  bool                            // no answer comes
	inbound map[message.ID]*message.Inbound // from phones
	claimed map[string][]byte               // answers to requests with keys
	held    chan func()                     // gets the answers instead; nil: they are given at once
	taking  []string                        // answers that may take an escalation
	untaken error                           // why none can
}

func (g *mailFakeGateway) Accept(subs []*gateway.Submission, done gateway.Done) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.batches = append(g.batches, subs)
	results := make([]gateway.Result, len(subs))
	failed := false
	for i, s := range subs {
		if f := g.refuse[s.To]; f != nil || g.all != nil {
			if f == nil {
				f = g.all
			}
			results[i].Failure, failed = f, true
		}
	}
	for i := range results {
		switch {
		case failed && results[i].Failure == nil:
			results[i].Failure = &message.Failure{Kind: message.Withheld}
		case !failed:
			results[i].ID = g.ids.Next(time.Now())
		}
	}
	switch {
	case g.silent:
	case g.held != nil:
		g.held <- func() { done(results) }
	default:
		done(results)
	}
}

// taken gives the messages of the last call, and whether there was one.
func (g *mailFakeGateway) taken() []*gateway.Submission {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.batches) == 0 {
		return nil
	}
	return g.batches[len(g.batches)-1]
}

func (g *mailFakeGateway) Preview(sub *gateway.Submission) (*gateway.Preview, *message.Failure) {
	if sub.Account.Sender == "" && sub.From == "" {
		return nil, message.Fail(message.BadSender, "from", "the message names no sender")
	}
	if _, err := route.Normalise(sub.To, "46"); err != nil {
		return nil, message.Fail(message.BadRecipient, "to", "%v", err)
	}
	if strings.HasSuffix(sub.To, "999") {
		return nil, &message.Failure{Kind: message.NoRoute}
	}
	return &gateway.Preview{}, nil
}

func (g *mailFakeGateway) Contacts(_ context.Context, f gateway.PeopleFilter) ([]*gateway.Contact, error) {
	c := &gateway.Contact{}
	if f.Account == "mobile" && f.Mail == "anna@example.se" {
		c.Mobile = "+46700000007"
		return []*gateway.Contact{c}, nil
	}
	return nil, nil
}

func (g *mailFakeGateway) FindContact(_ context.Context, _, named string) (*gateway.Contact, error) {
	if named != "anna" {
		return nil, gateway.ErrNotFound
	}
	return &gateway.Contact{}, nil
}

func (g *mailFakeGateway) FindGroup(_ context.Context, _, named string) (*gateway.Group, error) {
	if named != "nurses" && named != "empty" {
		return nil, gateway.ErrNotFound
	}
	return &gateway.Group{}, nil
}

func (g *mailFakeGateway) AddressSome(_ context.Context, m *gateway.Mailing, _ int) ([]gateway.Addressed, bool, error) {
	switch m.To[0].To {
	case "group:nurses":
		return []gateway.Addressed{
			{To: "+46701111111"}, {To: "+46702222222"}, {Failure: message.Fail(message.BadRecipient, "to", "Bo has no number")},
		}, false, nil
	case "contact:anna":
		return []gateway.Addressed{{To: "+46700000007"}}, false, nil
	case "rota:Ward4":
		return []gateway.Addressed{{To: "+46701111111"}, {To: "+46702222222"}}, false, nil
	case "rota:gap":
		return []gateway.Addressed{{Failure: message.Fail(message.BadRecipient, "to", "nobody is on duty in rota \"gap\"")}}, false, nil
	}
	return nil, false, nil
}

// Rotas has two of acme and one of another account.
func (g *mailFakeGateway) Rotas() *rota.Set {
	return rota.NewSet([]rota.Rota{
		{Name: "Ward4", Account: "acme", Mail: []string{"alarm", "ward@open.example.se"}},
		{Name: "gap", Account: "acme"},
		{Name: "far", Account: "far", Mail: []string{"duty"}},
	})
}

// MailNumber is Bo's.
func (g *mailFakeGateway) MailNumber(_ *account.Account, address string) string {
	if address == "bo@example.se" {
		return "+4673749494912"
	}
	return ""
}

// mailBench is a server on a port of this machine.
type mailBench struct {
	t       *testing.T
	gateway *mailFakeGateway
	server  *SMTPServer
	addr    string
	plain   *net.TCPListener // at addr
	secure  string
	roots   *x509.CertPool
	stop    func() // ends the server and waits for it
}

// peerListener has clients come from elsewhere.
type peerListener struct {
	net.Listener
	from netip.Addr
}

type peerConn struct {
	net.Conn
	from net.Addr
}

func (l peerListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || !l.from.IsValid() {
		return c, err
	}
	return peerConn{c, net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.from, 4711))}, nil
}

func (c peerConn) RemoteAddr() net.Addr { return c.from }

// mailAccounts are those of the tests.
func mailAccounts() []account.Account {
	return []account.Account{
		{Name: "acme", Password: "secret", Sender: "ACME", Mail: account.Mail{Authors: []string{"*@example.se"}, PerMinute: 50}},
		{Name: "works", Sender: "Works", Mail: account.Mail{Authors: []string{"*"}, Networks: []string{"10.0.0.0/8"}}},
		{Name: "open", Sender: "Open", Mail: account.Mail{Authors: []string{"alarm@open.se"}, Domain: "open.example.se"}},
		{Name: "mobile", Password: "secret", Sender: "M", Mail: account.Mail{Authors: []string{"*@example.se"}, AuthorSender: "mobile"}},
		{Name: "terms", Password: "secret", Sender: "T", Mail: account.Mail{
			Authors: []string{"*@example.se"}, AuthorSender: "number", Sender: "Mail", PerMinute: 1,
			Domains: []account.MailDomain{{Domain: "open.example.se", Authors: []string{"*@open.se"}, Sender: "+4672456", Dialog: true, Text: "body", PerMinute: 1, MaxParts: 2}},
		}},
		{Name: "both", Password: "secret", Sender: "B", Mail: account.Mail{Authors: []string{"*"}, Domains: []account.MailDomain{{Domain: "open.example.se", Text: "body"}}}},
		{Name: "far", Password: "secret", Addresses: []string{"192.0.2.0/24"}, Mail: account.Mail{Authors: []string{"*"}}},
		{Name: "mute", Password: "secret", Mail: account.Mail{Authors: []string{"*"}}},
	}
}

// newMailBench starts a server whose clients come from an address, this machine if it is empty.
func newMailBench(t *testing.T, from string, change func(*SMTPOptions)) *mailBench {
	t.Helper()
	accounts := account.NewDirectory(mailAccounts(), nil)
	b := &mailBench{t: t, gateway: &mailFakeGateway{ids: message.NewIDs(0, 0), refuse: map[string]*message.Failure{}}}
	o := SMTPOptions{
		Accounts: func() *account.Directory { return accounts }, Verifier: account.NewVerifier(), Domains: []string{"sms.example.se", "open.example.se"},
	}
	o.TLS, b.roots = mailCertificate(t)
	if change != nil {
		change(&o)
	}
	b.server = newSMTPServer(b.gateway, o)
	peer, _ := netip.ParseAddr(from)
	listen := func() net.Listener {
		ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	}
	plain, secure := listen(), listen()
	b.plain = plain.(*net.TCPListener)
	b.addr, b.secure = plain.Addr().String(), secure.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.server.Serve(ctx, peerListener{plain, peer}, peerListener{secure, peer}) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(b.stop)
	return b
}

// mailCertificate makes one for 127.0.0.1.
func mailCertificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, roots
}

// mailClient says line by line what a test has it say.
type mailClient struct {
	t    *testing.T
	b    *mailBench
	conn net.Conn
	r    *bufio.Reader
}

// dial connects and reads the greeting.
func (b *mailBench) dial() *mailClient {
	b.t.Helper()
	c := b.connect()
	c.want("220", c.read())
	return c
}

// connect is dial without the reading.
func (b *mailBench) connect() *mailClient {
	b.t.Helper()
	conn, err := new(net.Dialer).DialContext(b.t.Context(), "tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	return &mailClient{b.t, b, conn, bufio.NewReader(conn)}
}

// hello connects and says EHLO.
func (b *mailBench) hello() *mailClient {
	b.t.Helper()
	c := b.dial()
	c.say("250", "EHLO client.example.se")
	return c
}

// signedIn is a client of an account.
func (b *mailBench) signedIn(name string) *mailClient {
	b.t.Helper()
	c := b.hello()
	c.say("235", "AUTH PLAIN %s", plainResponse(name, "secret"))
	return c
}

func plainResponse(name, password string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + name + "\x00" + password))
}

// read gives a reply, empty when the connection is over.
func (c *mailClient) read() string {
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			return all.String()
		}
		if len(line) < 4 || line[3] != '-' {
			return all.String()
		}
	}
}

func (c *mailClient) want(code, reply string) string {
	c.t.Helper()
	if !strings.HasPrefix(reply, code) {
		c.t.Fatalf("the server says %q, want %s", reply, code)
	}
	return reply
}

func (c *mailClient) write(text string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(text)); err != nil {
		c.t.Logf("write: %v", err)
	}
}

// say sends a line and gives the reply, which has to begin with a code.
func (c *mailClient) say(code, format string, args ...any) string {
	c.t.Helper()
	line := fmt.Sprintf(format, args...)
	c.write(line + "\r\n")
	return c.want(code, c.read())
}

// envelope names author and recipients.
func (c *mailClient) envelope(author string, to ...string) {
	c.t.Helper()
	c.say("250", "MAIL FROM:<%s>", author)
	for _, r := range to {
		c.say("250", "RCPT TO:<%s>", r)
	}
}

// data sends a mail.
func (c *mailClient) data(code, mail string) string {
	c.t.Helper()
	c.say("354", "DATA")
	return c.say(code, "%s\r\n.", strings.ReplaceAll(mail, "\n", "\r\n"))
}

// encrypt begins TLS.
func (c *mailClient) encrypt() {
	c.t.Helper()
	c.say("220", "STARTTLS")
	c.conn = tls.Client(c.conn, &tls.Config{RootCAs: c.b.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
	c.r = bufio.NewReader(c.conn)
}
