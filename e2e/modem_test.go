package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// modemNumber is the number of the simulated modem's SIM, without the plus; the account has it.
const modemNumber = "46737494949"

// startModem starts a simulator with a modem on a pseudo-terminal, whose name it gives.
func startModem(t testing.TB, opt simulator.ModemOptions) (sim *simulator.Simulator, modem *simulator.Modem, device string) {
	t.Helper()
	sim = startSimulator(t, simulator.Options{Behaviour: simulator.Behaviour{Receipts: simulator.ReceiptTime{After: 500 * time.Millisecond}}})
	opt.Number = "+" + modemNumber
	modem, err := sim.AddModem(opt)
	if err != nil {
		t.Fatal(err)
	}
	pty, err := sim.AttachModem(modem, "") // gnokii knows short names only
	if err != nil {
		t.Fatal(err)
	}
	return sim, modem, pty.Path()
}

// shows waits until a phone shows a text from the modem, in whose end the program of somebody else may have put a line feed.
func shows(t *testing.T, sim *simulator.Simulator, number, text string) {
	t.Helper()
	if got := shown(t, sim, number); strings.TrimSpace(got.Text) != text || got.Peer != modemNumber {
		t.Errorf("the phone shows %+v, want %q", got, text)
	}
}

// write has a phone write to the modem.
func write(t *testing.T, sim *simulator.Simulator, text string) {
	t.Helper()
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: modemNumber, Text: text}); err != nil {
		t.Fatal(err)
	}
}

// command runs a program of somebody else to its end.
func foreignCommand(t *testing.T, input, path string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin, cmd.Env = strings.NewReader(input), append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(path), args, err, out)
	}
	return string(out)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestModemGammu: gammu takes the simulated modem for a real one.
func TestModemGammu(t *testing.T) {
	t.Parallel()
	path := lookPath(t, "gammu", "gammu")
	sim, modem, device := startModem(t, simulator.ModemOptions{})
	conf := writeFile(t, filepath.Join(t.TempDir(), "gammurc"), "[gammu]\ndevice = "+device+"\nconnection = at115200\n")
	gammu := func(args ...string) string {
		return foreignCommand(t, "", path, append([]string{"-c", conf}, args...)...)
	}
	if out := gammu("identify"); !strings.Contains(out, "490154203237518") || !strings.Contains(out, "240080000000001") {
		t.Errorf("identify: %s", out)
	}
	text := "ref-1 " + textMark + " åäö"
	gammu("sendsms", "TEXT", "+46701000001", "-text", text)
	shows(t, sim, "46701000001", text)
	long := "ref-2 " + textMark + strings.Repeat(" 0123456789", 20)
	gammu("sendsms", "TEXT", "+46701000002", "-len", "400", "-text", long)
	shows(t, sim, "46701000002", long)
	gammu("sendsms", "TEXT", "+46701000003", "-unicode", "-text", "Привет "+textMark)
	shows(t, sim, "46701000003", "Привет "+textMark)
	write(t, sim, "in-1 "+textMark+" åäö")
	write(t, sim, "in-2 "+textMark+" Привет")
	eventually(t, "two messages on the SIM", func() bool { n, _ := modem.Stored("SM"); return n == 2 })
	out := gammu("getallsms")
	for _, want := range []string{"in-1 " + textMark + " åäö", "in-2 " + textMark + " Привет", "+46701234567", "+46705008999"} {
		if !strings.Contains(out, want) {
			t.Errorf("getallsms lacks %q:\n%s", want, out)
		}
	}
	gammu("deleteallsms", "1")
	if n, _ := modem.Stored("SM"); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

// TestModemGnokii: gnokii takes it for a real one.
func TestModemGnokii(t *testing.T) {
	t.Parallel()
	path := lookPath(t, "gnokii", "gnokii")
	sim, modem, device := startModem(t, simulator.ModemOptions{})
	conf := writeFile(t, filepath.Join(t.TempDir(), "config"),
		"[global]\nport = "+device+"\nmodel = AT\nconnection = serial\nserial_baudrate = 115200\nsmsc_timeout = 10\n")
	gnokii := func(input string, args ...string) string {
		return foreignCommand(t, input, path, append([]string{"--config", conf}, args...)...)
	}
	if out := gnokii("", "--identify"); !strings.Contains(out, "490154203237518") {
		t.Errorf("identify: %s", out)
	}
	text := "ref-1 " + textMark + " åäö"
	gnokii(text, "--sendsms", "+46701000001")
	shows(t, sim, "46701000001", text)
	write(t, sim, "in-1 "+textMark+" åäö")
	eventually(t, "a message on the SIM", func() bool { n, _ := modem.Stored("SM"); return n == 1 })
	if out := gnokii("", "--getsms", "SM", "0", "0", "--delete"); !strings.Contains(out, "in-1 "+textMark+" åäö") {
		t.Errorf("getsms: %s", out)
	}
	if n, _ := modem.Stored("SM"); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

// TestModemSMSTools: smsd of smstools takes it for a real one, enters its PIN, and gets status reports.
func TestModemSMSTools(t *testing.T) {
	t.Parallel()
	const path = "/usr/sbin/smsd"
	if _, err := os.Stat(path); err != nil {
		missing(t, "smstools is not installed")
	}
	sim, modem, device := startModem(t, simulator.ModemOptions{PIN: "4711", Base: 1, NoReports: true})
	dir := t.TempDir()
	for _, name := range []string{"outgoing", "checked", "incoming", "failed", "sent", "stats"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	conf := writeFile(t, filepath.Join(dir, "smsd.conf"), fmt.Sprintf(`devices = GSM1
outgoing = %[1]s/outgoing
checked = %[1]s/checked
incoming = %[1]s/incoming
failed = %[1]s/failed
sent = %[1]s/sent
stats = %[1]s/stats
logfile = %[1]s/smsd.log
infofile = %[1]s/smsd.running
pidfile = %[1]s/smsd.pid
delaytime = 1
[GSM1]
device = %[2]s
incoming = yes
pin = 4711
baudrate = 115200
memory_start = 1
`, dir, device))
	start(t, foreign, dir, path, "-t", "-c", conf)
	text := "ref-1 " + textMark + " hej"
	made := writeFile(t, filepath.Join(dir, "made"), "To: 46701000001\n\n"+text+"\n")
	if err := os.Rename(made, filepath.Join(dir, "outgoing", "one")); err != nil {
		t.Fatal(err)
	}
	shows(t, sim, "46701000001", text)
	if tries := modem.PINTries(); tries != 3 {
		t.Errorf("%d tries for the PIN are left", tries)
	}
	write(t, sim, "in-1 "+textMark)
	eventually(t, "a file with the message", func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "incoming", "*"))
		for _, name := range files {
			b, _ := os.ReadFile(name)
			if strings.Contains(string(b), "From: 46701234567") && strings.Contains(string(b), "in-1 "+textMark) {
				return true
			}
		}
		return false
	})
	eventually(t, "an empty SIM", func() bool { n, _ := modem.Stored("SM"); return n == 0 })
}

// TestModemKannel: Kannel takes it for a real one, both ways and with status reports.
func TestModemKannel(t *testing.T) {
	t.Parallel()
	sim, modem, device := startModem(t, simulator.ModemOptions{NoReports: true, Chatty: true})
	// Kannel looks for what a status report is about before it has read the answer that comes first.
	if err := sim.SetBehaviour(simulator.Behaviour{Receipts: simulator.ReceiptTime{After: 3 * time.Second}}); err != nil {
		t.Fatal(err)
	}
	mo, dlr := startHook(t), startHook(t)
	k := startKannel(t, fmt.Sprintf(`group = smsc
smsc = at
smsc-id = modem
modemtype = generic
device = %s
speed = 115200
my-number = %s
validityperiod = 167

group = modems
id = generic
name = Generic
init-string = "AT+CNMI=1,2,0,1,0"
`, device, modemNumber), mo.URL)
	eventually(t, "Kannel prepares the modem", func() bool {
		for _, c := range modem.Commands() {
			if strings.Contains(c, "CNMI=1,2") {
				return true
			}
		}
		return false
	})
	long := "ref-long " + textMark + strings.Repeat(" åäö 0123456789", 20)
	for to, text := range map[string]string{"46701000001": "ref-1 " + textMark + " åäö €", "46701000004": long} {
		status, answer := k.send("+"+to, text, url.Values{"dlr-mask": {"27"}, "dlr-url": {dlr.URL + "/?d=%d"}})
		if status != 202 {
			t.Fatalf("Kannel answers %d %q", status, answer)
		}
		shows(t, sim, to, text)
		if got := dlrs(t, dlr, 2); got[0]+got[1] != 9 {
			t.Errorf("%s: dlr values %v, want 8 and 1", to, got)
		}
	}
	write(t, sim, "in-1 "+textMark+" Hej")
	if c := receive(t, "an inbound message at Kannel's service", mo.calls); c.Query.Get("text") != "in-1 "+textMark+" Hej" {
		t.Errorf("Kannel hands on %s", c.Query.Encode())
	}
}
