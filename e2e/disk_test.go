package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// smallDisk mounts a file system of the given size for the test.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk takes root: run the tests as root to see what a full disk does")
	}
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		if inCI() {
			t.Fatalf("mount a small disk: %v", err)
		}
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	// Cleanups run last first, so the servers have ended by then.
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file until the disk has no room left.
func fill(t *testing.T, dir string) (remove func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// TestDiskFull fills the disk of the database while messages are on their way. New messages are refused with a
// temporary error in each interface's language, links stop, memory does not grow; when there is room again
// everything goes on without a restart, and nothing is lost.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "48m")
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{dir: dir})
	linked(t, sim)
	l := newLedger()
	e := bindTo(t, s.smpp, smpp.Transceiver)
	submit := func(to string) smpp.Status {
		ref := l.next("s")
		status, id := e.submit(shortText(to, ref+" "+textMark))
		if status == smpp.ESME_ROK {
			l.accept(id, ref)
		}
		return status
	}
	// Some are done, some wait for a phone, and some for their receipt.
	for _, number := range phones(50, "1") {
		submit(number)
	}
	for _, number := range phones(20, "99504") { // receipt after 10 s
		submit(number)
	}
	before := s.memory()

	remove := fill(t, dir)
	var refused smpp.Status
	for i := 0; refused == smpp.ESME_ROK; i++ { // what is allocated already may still take some
		if i == 20_000 {
			t.Fatal("messages are accepted on and on though the disk is full")
		}
		refused = submit("46701000002")
	}
	temporary := map[smpp.Status]bool{smpp.ESME_RMSGQFUL: true, smpp.ESME_RSYSERR: true, smpp.ESME_RTHROTTLED: true}
	if !temporary[refused] {
		t.Errorf("SMPP refuses with %v", refused)
	}
	if status, body := s.post(`{"to":"+46701000003","text":"full ` + textMark + `"}`); status != http.StatusServiceUnavailable {
		t.Errorf("REST: %d %s, want 503", status, body)
	} else if p := decodeProblem(t, body); p.Detail == "" {
		t.Errorf("REST: %s says nothing", body)
	}
	if status, text := s.sendsms(url.Values{"to": {"+46701000004"}, "text": {"full " + textMark}}); status != http.StatusServiceUnavailable || text != "Temporal failure, try again later." {
		t.Errorf("Kannel: %d %q, want 503", status, text)
	}
	if status, text := s.get("/readyz"); status != http.StatusServiceUnavailable || !strings.HasPrefix(text, "not ready") {
		t.Errorf("/readyz: %d %q", status, text)
	}
	if got := s.metric("kurir_writable"); got != 0 {
		t.Errorf("kurir_writable is %v", got)
	}
	if status, text := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %q: the process lives", status, text)
	}
	// The links stop: nothing more goes out, and receipts and inbound messages are not acknowledged.
	sent, acked := sim.Stats().Submitted, sim.Stats().Acked
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: "in-full " + textMark}); err != nil {
		t.Fatal(err)
	}
	for range 5_000 {
		if status := submit("46701000005"); !temporary[status] {
			t.Fatalf("a message was answered %v", status)
		}
	}
	if now := s.memory(); now > before+64<<20 {
		t.Errorf("memory has grown from %d to %d MiB", before>>20, now>>20)
	}
	st := sim.Stats()
	if st.Submitted > sent+40 || st.Acked != acked {
		t.Errorf("%d messages went out and %d deliver_sm were acknowledged while nothing could be written", st.Submitted-sent, st.Acked-acked)
	}

	remove()
	eventually(t, "messages are accepted again", func() bool { return submit("46701000006") == smpp.ESME_ROK })
	if status, text := s.get("/readyz"); status != http.StatusOK {
		t.Errorf("/readyz afterwards: %d %q", status, text)
	}
	inbound := 0
	for inbound == 0 || func() bool { _, open := l.counts(); return open > 0 }() {
		d := receive(t, "receipts of all that were accepted, and the inbound message", e.delivered)
		if !smpp.IsReceipt(d.ESMClass) {
			inbound++
			continue
		}
		r, _ := smpp.ReceiptFrom(&d)
		l.receipt(r.ID)
	}
	c, err := sim.Compare(l.references())
	if err != nil {
		t.Fatal(err)
	}
	accepted, _ := l.counts()
	t.Logf("%d accepted, lost %d, sent again %d, receipts twice %d, refused messages sent %d", accepted, c.Missing, c.Repeats, l.repeated(), c.Unannounced)
	if c.Missing+c.Repeats+c.Unannounced > 0 {
		t.Errorf("%d lost %q, %d sent again %q, %d refused ones sent", c.Missing, c.Examples, c.Repeats, c.Twice, c.Unannounced)
	}
}

// TestDiskFullAtStart: a server that cannot even open its database says why and ends, and starts when there is room.
func TestDiskFullAtStart(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "16m")
	s := prepareServer(t, nil, serverOptions{dir: dir})
	remove := fill(t, dir)
	s.launch()
	if code := s.proc.ended(); code != 1 || !strings.Contains(s.proc.out.String(), "no space left") {
		t.Errorf("exit code %d: %s", code, s.proc.out)
	}
	remove()
	s.start()
}
