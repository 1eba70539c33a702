package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"kurir/simulator"
)

// mailServed is a server that takes mails for sms.example.se.
func mailServed(t *testing.T, sim *simulator.Simulator, more string) (s *server, addr, secure string) {
	t.Helper()
	c := makeCertificate(t, "mail")
	addr, secure = freeAddr(t), freeAddr(t)
	s = startServer(t, sim, serverOptions{
		more: fmt.Sprintf("smtp: {listen: %q, tls_listen: %q, tls: {cert: %q, key: %q}, domains: [sms.example.se]}",
			addr, secure, c.cert, c.key),
		account: ", mail: {authors: [\"*@example.se\"]" + more + "}",
	})
	linked(t, sim)
	return s, addr, secure
}

// arrived waits until a phone has a text.
func arrived(t *testing.T, sim *simulator.Simulator, number, text string) {
	t.Helper()
	eventually(t, "a mail is on the phone "+number, func() bool {
		return len(sim.Messages(simulator.Filter{To: number, Text: text, Newest: true, Limit: 1})) == 1
	})
}

// TestMailSwaks: swaks signs in by PLAIN and LOGIN, over STARTTLS and TLS, and sends to phones; it is refused what it may not do.
func TestMailSwaks(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("swaks"); err != nil {
		missing(t, "swaks is not installed")
	}
	sim := startSimulator(t, simulator.Options{})
	_, addr, secure := mailServed(t, sim, "")
	swaks := func(want int, reply string, args ...string) {
		t.Helper()
		args = append([]string{"--from", "anna@example.se", "--header", "Subject: Fire", "--ehlo", "client.example.se"}, args...)
		out, err := exec.Command("swaks", args...).CombinedOutput()
		code := 0
		if exit, ok := err.(*exec.ExitError); ok {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != want || !strings.Contains(string(out), reply) {
			t.Errorf("swaks %q ended with %d, not %d, or did not hear %q:\n%s", args, code, want, reply, out)
		}
	}
	auth := func(kind, secret string) []string {
		return []string{"--auth", kind, "--auth-user", account, "--auth-password", secret}
	}
	with := func(lists ...[]string) (all []string) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	starttls, implicit := []string{"--server", addr, "-tls"}, []string{"--server", secure, "--tlsc"}
	swaks(0, "250 2.0.0 accepted as message", with(starttls, auth("PLAIN", password), []string{"--to", "0701000001@sms.example.se", "--body", "by PLAIN " + textMark})...)
	arrived(t, sim, "46701000001", "Fire\nby PLAIN "+textMark)
	swaks(0, "250 2.0.0 accepted as message", with(implicit, auth("LOGIN", password), []string{"--to", "0046701000002@sms.example.se", "--body", "by LOGIN " + textMark})...)
	arrived(t, sim, "46701000002", "Fire\nby LOGIN "+textMark)
	swaks(0, "accepted as 2 messages", with([]string{"--server", addr}, auth("PLAIN", password),
		[]string{"--pipeline", "--to", "0701000003@sms.example.se,0701000004@sms.example.se", "--body", "two " + textMark})...)
	arrived(t, sim, "46701000004", "Fire\ntwo "+textMark)

	const refusedSignIn, refusedRecipients = 28, 24 // of swaks
	swaks(refusedSignIn, "535 5.7.8", with(starttls, auth("PLAIN", "wrong"), []string{"--to", "0701000005@sms.example.se"})...)
	swaks(refusedRecipients, "550 5.7.1 relaying denied", with(starttls, auth("PLAIN", password), []string{"--to", "bo@elsewhere.example"})...)
	swaks(refusedRecipients, "550 5.7.1", with(starttls, []string{"--to", "0701000005@sms.example.se"})...)
	swaks(refusedRecipients, "550 5.1", with(starttls, auth("PLAIN", password), []string{"--to", "group.nobody@sms.example.se"})...)
}

// The configuration of a Postfix under a folder, which relays by the one rule, and its services behind the address of smtpd.
const (
	postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.se
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
transport_maps = inline:{sms.example.se=smtp:%[2]s}
smtp_tls_security_level = may
alias_maps =
alias_database =
maillog_file = /dev/stdout
`
	postfixMaster = ` inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
postlog unix-dgram n - n - 1 postlogd
`
)

// relay is a private Postfix.
type relay struct {
	addr, config string
	proc         *process
}

// postfix starts one with a configuration of its own; it relays what is for sms.example.se to an address.
func postfix(t *testing.T, to string) (r relay) {
	t.Helper()
	if _, err := os.Stat("/usr/sbin/postfix"); err != nil {
		missing(t, "postfix is not installed")
	}
	if u, err := user.Current(); err != nil || u.Uid != "0" {
		missing(t, "Postfix starts as root only")
	}
	// Its processes run as the user postfix, who has to come into its folders.
	dir, err := os.MkdirTemp("/var/tmp", "kurir-postfix-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"config", "queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		t.Fatalf("chown: %v: %s", err, out)
	}
	r.addr, r.config = freeAddr(t), filepath.Join(dir, "config")
	next := "[" + strings.Replace(to, ":", "]:", 1)
	main, master := fmt.Sprintf(postfixMain, dir, next), r.addr+postfixMaster
	for name, text := range map[string]string{"main.cf": main, "master.cf": master} {
		if err := os.WriteFile(filepath.Join(r.config, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.proc = start(t, foreign, dir, "/usr/sbin/postfix", "-c", r.config, "start-fg")
	t.Cleanup(func() { _ = exec.Command("/usr/sbin/postfix", "-c", r.config, "stop").Run() })
	r.proc.out.wait(t, "daemon started")
	return r
}

// TestMailPostfix: a Postfix as smart host hands mails over, and one that is refused comes back to its author with our sentence.
func TestMailPostfix(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("swaks"); err != nil {
		missing(t, "swaks is not installed")
	}
	sim := startSimulator(t, simulator.Options{})
	s, addr, _ := mailServed(t, sim, ", networks: [127.0.0.0/8]")
	relay := postfix(t, addr)
	send := func(to, body string) {
		t.Helper()
		out, err := exec.Command("swaks", "--server", relay.addr, "--from", "anna@example.se", "--to", to, "--header", "Subject: Larm", "--body", body).CombinedOutput()
		if err != nil {
			t.Fatalf("swaks to Postfix: %v\n%s", err, out)
		}
	}
	send("0701000001@sms.example.se", "Pump 3 "+textMark)
	arrived(t, sim, "46701000001", "Larm\nPump 3 "+textMark)
	send("0046701000002+flash@sms.example.se", "Pump 4 "+textMark)
	arrived(t, sim, "46701000002", "Larm\nPump 4 "+textMark)
	s.proc.kill()
	send("0701000003@sms.example.se", "Pump 5 "+textMark)
	relay.proc.out.wait(t, "to=<0701000003@sms.example.se>.*status=deferred") // Postfix keeps it
	s.start()
	if out, err := exec.Command("/usr/sbin/postqueue", "-c", relay.config, "-f").CombinedOutput(); err != nil {
		t.Fatalf("postqueue: %v: %s", err, out)
	}
	arrived(t, sim, "46701000003", "Larm\nPump 5 "+textMark)
	send("group.nobody@sms.example.se", "nobody "+textMark)
	relay.proc.out.wait(t, "550 5.1.1 <group.nobody@sms.example.se>: account acme has no group of that name")
}
