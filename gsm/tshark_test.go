package gsm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dissect has TPDUs of one direction dissected.
func dissect(t *testing.T, fromPhone bool, tpdus [][]byte) string {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err == nil {
		_, err = exec.LookPath("text2pcap")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tshark is not installed (apt-get install tshark)")
		}
		t.Skip("tshark is not installed (apt-get install tshark): our TPDUs are not judged by a foreign program")
	}
	direction := "O"
	if fromPhone {
		direction = "I"
	}
	var dump bytes.Buffer
	for _, b := range tpdus {
		dump.WriteString(direction + "\n0000")
		for _, o := range b {
			dump.WriteString(" " + string("0123456789abcdef"[o>>4]) + string("0123456789abcdef"[o&15]))
		}
		dump.WriteString("\n\n")
	}
	file := filepath.Join(t.TempDir(), "x.pcapng")
	pack := exec.Command("text2pcap", "-D", "-l", "147", "-", file)
	pack.Stdin = &dump
	if b, err := pack.CombinedOutput(); err != nil {
		t.Fatalf("text2pcap: %v\n%s", err, b)
	}
	cmd := exec.Command(tshark, "-r", file, "-V", "--disable-protocol", "wsp", "-o", `uat:user_dlts:"User 0 (DLT=147)","gsm_sms","0","","0",""`)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, b)
	}
	return string(b)
}

// Wireshark understands every TPDU that we write.
func TestTshark(t *testing.T) {
	t.Parallel()
	var ways [2][][]byte
	for _, v := range tpduVectors() {
		b, err := AppendTPDU(nil, v.want)
		if err != nil {
			t.Fatal(err)
		}
		way := 0
		if v.fromPhone {
			way = 1
		}
		ways[way] = append(ways[way], b)
	}
	command, _ := AppendTPDU(nil, &Command{Reference: 9, Type: CommandDelete, Number: 7, To: tpduTo})
	ways[1] = append(ways[1], command)
	for way, wants := range [2][]string{
		{"TP-Originating-Address - (46701234567)", "TP-Originating-Address - (Omnigate)", "TP-Originating-Address - (Svenska)", "SMS text: hellohello", "Hour: 12", "Timezone: GMT + 2 hours 0 minutes", "SM Validity Period Expired"},
		{"SMS text: Hej åäö €[]", "SMS text: Привет", "SMS text: 1234567", "24 hours 0 minutes", "TP-MTI: SMS-COMMAND"},
	} {
		dissected := dissect(t, way == 1, ways[way])
		if n := strings.Count(dissected, "\nGSM SMS TPDU"); n != len(ways[way]) {
			t.Errorf("tshark found %d TPDUs of %d", n, len(ways[way]))
		}
		for line := range strings.Lines(dissected) {
			for _, bad := range []string{"Malformed", "Expert Info (Error", "Expert Info (Warn"} {
				if strings.Contains(line, bad) {
					t.Errorf("way %d: %s", way, strings.TrimSpace(line))
				}
			}
		}
		for _, want := range wants {
			if !strings.Contains(dissected, want) {
				t.Errorf("tshark does not say %q", want)
			}
		}
		if t.Failed() {
			t.Log(dissected)
		}
	}
}
