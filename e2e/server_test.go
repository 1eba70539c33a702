package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kurir/e2e/netns"
	"kurir/simulator"
)

// The account that every server of the tests has, unless its test says otherwise. The password fits into the eight
// characters of an SMPP bind.
const (
	account    = "acme"
	password   = secretMark + "pass"
	apiKey     = secretMark + "-acme-key-0123456789"
	hookSecret = secretMark + "-signing"
	linkPass   = secretMark + "op1"
	service    = "+46737494949" // a number of ours, the account's
)

// server is one `kurir serve` with its file. It can be stopped, killed and started again on the same ports.
type server struct {
	t      testing.TB
	dir    string // where the file and the data are
	binary string
	http   string // host:port
	smpp   string
	pprof  string      // of Go's profiler, empty if it is not served
	on     *netns.Host // nil is this machine
	proc   *process
	client *http.Client
	*rest
}

// serverOptions says how the server of a test differs from the usual one.
type serverOptions struct {
	binary     string   // raceBinary if empty
	dir        string   // of file and data; made if empty
	connectors []string // flow mappings; to the simulator given to startServer if nil
	http       string   // further settings of HTTP, such as ", proxy: [...]"
	smpp       string   // further settings of the customers' SMPP, such as ", tls: {...}"
	link       string   // further settings of that connector, such as ", window: 50"
	account    string   // further settings of the account
	accounts   []string // further accounts
	routes     []string // via the first connector if nil
	inbound    []string
	more       string      // further lines at the top
	on         *netns.Host // the host that it runs on, and REST is called from; this machine if nil
	profiled   bool        // serves Go's profiler, by which garbage is collected before memory is measured
}

// startSimulator runs an SMSC inside the test.
func startSimulator(t testing.TB, opt simulator.Options) *simulator.Simulator {
	t.Helper()
	if opt.SMPP == "" {
		opt.SMPP = freeAddr(t)
	}
	letGo(t, strings.TrimPrefix(opt.SMPP, "tls://"))
	if opt.SystemID == "" {
		opt.SystemID, opt.Password = "kurir", linkPass
	}
	if opt.References == simulator.ReferencesOff {
		opt.References = simulator.ReferencesWord
	}
	s := simulator.New(opt)
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("start the simulator: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// shown waits until a phone has one text in all its parts, and gives it. A peer that cuts a long text itself sends messages of their own,
// and may ask for the report of the first alone.
func shown(t testing.TB, sim *simulator.Simulator, number string) simulator.Text {
	t.Helper()
	var ph simulator.Phone
	eventually(t, "the text is whole on the phone "+number, func() bool {
		ph, _ = sim.Phone(number, 2)
		return len(ph.Texts) == 1 && ph.Texts[0].Missing == 0
	})
	return ph.Texts[0]
}

// startServer writes a file and starts the program with it.
func startServer(t testing.TB, sim *simulator.Simulator, opt serverOptions) *server {
	t.Helper()
	s := prepareServer(t, sim, opt)
	s.start()
	return s
}

// prepareServer writes the file only.
func prepareServer(t testing.TB, sim *simulator.Simulator, opt serverOptions) *server {
	t.Helper()
	if opt.binary == "" {
		opt.binary = raceBinary(t)
	}
	if opt.dir == "" {
		opt.dir = t.TempDir()
	}
	s := &server{t: t, dir: opt.dir, binary: opt.binary, http: freeAddr(t), smpp: freeAddr(t)}
	if opt.profiled {
		s.pprof = freeAddr(t)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, MaxIdleConns: 0}
	if s.on = opt.on; s.on != nil {
		s.http, s.smpp = s.on.Address()+":8080", s.on.Address()+":2775"
		transport.DialContext = s.on.DialContext
	}
	s.client = &http.Client{Transport: transport}
	t.Cleanup(s.client.CloseIdleConnections)
	s.rest = &rest{t: t, base: "http://" + s.http, key: apiKey, client: s.client}
	if opt.connectors == nil && sim != nil {
		opt.connectors = []string{linkTo("op1", sim.Addr(), opt.link)}
	}
	s.write(s.file(opt))
	return s
}

// linkTo is a connector to an SMSC that the tests run.
func linkTo(name, addr, more string) string {
	return linkToHosts(name, []string{addr}, more)
}

// linkToHosts is linkTo with several hosts.
func linkToHosts(name string, hosts []string, more string) string {
	list := strings.Join(strings.Fields(fmt.Sprintf("%q", hosts)), ", ")
	return fmt.Sprintf("{name: %s, kind: smpp, hosts: %s, system_id: kurir, password: %s, reconnect: 500ms%s}", name, list, linkPass, more)
}

// file builds the configuration.
func (s *server) file(opt serverOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "data: %q\nhttp: {listen: %q%s}\nsmpp: {listen: %q%s}\ncountry: \"46\"\n", filepath.Join(s.dir, "data"), s.http, opt.http, s.smpp, opt.smpp)
	if !strings.Contains(opt.more, "webhooks:") {
		b.WriteString("webhooks: {allow: [127.0.0.0/8]}\n")
	}
	if opt.more != "" {
		b.WriteString(opt.more + "\n")
	}
	list := func(name string, items []string) {
		if len(items) == 0 {
			return
		}
		b.WriteString(name + ":\n")
		for _, item := range items {
			b.WriteString("  - " + item + "\n")
		}
	}
	list("connectors", opt.connectors)
	main := fmt.Sprintf("{name: %s, password: %s, api_keys: [%s], senders: [\"*\"], sender: Kurir, numbers: [%q], webhook_secret: %s%s}",
		account, password, apiKey, service, hookSecret, opt.account)
	list("accounts", append([]string{main}, opt.accounts...))
	if opt.routes == nil && len(opt.connectors) > 0 {
		opt.routes = []string{`{to: "*", via: [op1]}`}
	}
	list("routes", opt.routes)
	list("inbound", opt.inbound)
	return b.String()
}

// path of the configuration file.
func (s *server) path() string { return filepath.Join(s.dir, "kurir.yaml") }

// data is the folder of the database.
func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) write(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// start starts the program and waits until it listens.
func (s *server) start() {
	s.t.Helper()
	s.launch()
	s.proc.out.wait(s.t, "kurir starts")
	eventually(s.t, "the server is ready", func() bool {
		status, _ := s.get("/healthz")
		return status == http.StatusOK
	})
}

// launch starts the program and waits for nothing.
func (s *server) launch() {
	s.t.Helper()
	line := []string{s.binary, "serve", "-c", s.path(), "--pprof", s.pprof}
	if s.on != nil {
		line = s.on.Command(line[0], line[1:]...)
	}
	s.proc = start(s.t, ours, s.dir, line[0], line[1:]...)
}

// restart stops the program in good order and starts it again.
func (s *server) restart() {
	s.t.Helper()
	s.proc.stop()
	s.start()
}

// reload makes the program read its file again, and waits until it has said what came of it.
func (s *server) reload() string {
	s.t.Helper()
	n := s.proc.out.size()
	s.proc.signal(syscall.SIGHUP)
	return s.proc.out.waitAfter(s.t, n, "(?m)^.*(configuration reloaded|nothing is changed|could not be put into force).*$")[0]
}

// memory reads the resident memory of the program in octets.
func (s *server) memory() int64 {
	s.t.Helper()
	return residentMemory(s.t, s.proc.cmd.Process.Pid)
}

func residentMemory(t testing.TB, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	t.Fatal("no VmRSS in /proc")
	return 0
}

// linked waits until the link of the server has a session at the simulator that can receive.
func linked(t testing.TB, sim *simulator.Simulator) {
	t.Helper()
	eventually(t, "the link is bound", func() bool { return sim.Stats().Receivers > 0 })
}
