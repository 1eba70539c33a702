package e2e

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// The piece of machine code in Go's time.now that takes the seconds of the wall clock from the kernel's answer, and the way for
// kernels without a vDSO, which is not gone here, and gives its place to a few instructions of ours.
var (
	takeSeconds = []byte{0x48, 0x8b, 0x44, 0x24, 0x10}             // MOVQ 16(SP), AX
	withoutVDSO = []byte{0x48, 0xc7, 0xc0, 0xe4, 0x00, 0x00, 0x00} // MOVQ $228, AX
)

// withClockOff copies our program and has the copy's wall clock be off by whole seconds, ahead or behind, and its monotonic clock
// right. It is for what namespaces cannot do, nor a library that is loaded first, for Go asks the kernel itself; and it takes no
// other build of the program.
func withClockOff(t testing.TB, path string, by time.Duration) string {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the clock of one process is set by changing its machine code, which is known for amd64 only")
	}
	code, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	now := code[functionAt(t, code, "time.now"):][:256]
	take, free := bytes.Index(now, takeSeconds), bytes.Index(now, withoutVDSO)
	if take < 0 || free < take || bytes.Count(now[:free], takeSeconds) != 1 {
		t.Fatal("time.now of this version of Go is not as it was (runtime/time_linux_amd64.s): look at withClockOff")
	}
	jump := func(from, to int) []byte { // E9: five octets, relative to what follows them
		return binary.LittleEndian.AppendUint32([]byte{0xe9}, uint32(int32(to-from-5)))
	}
	back := take + len(takeSeconds)
	ours := append([]byte{}, takeSeconds...)
	ours = binary.LittleEndian.AppendUint32(append(ours, 0x48, 0x05), uint32(int32(by/time.Second))) // ADDQ $by, AX
	ours = append(ours, jump(free+len(ours), back)...)
	copy(now[free:], ours)
	copy(now[take:], jump(take, free))
	changed := filepath.Join(t.TempDir(), "kurir")
	// A program that another test starts in between would have the file open for writing, as everything that is open when a process is
	// forked, and none is run that somebody writes.
	syscall.ForkLock.RLock()
	err = os.WriteFile(changed, code, 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// functionAt finds where in an executable file the code of a function is.
func functionAt(t testing.TB, file []byte, name string) uint64 {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Name == name && elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			section := f.Sections[s.Section]
			return s.Value - section.Addr + section.Offset
		}
	}
	t.Fatalf("the program has no function %s", name)
	return 0
}

// TestClockOff: the copy's wall clock is off by what it is to be, in both directions.
func TestClockOff(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{7 * time.Minute, -7 * time.Minute} {
		s := startServer(t, nil, serverOptions{binary: withClockOff(t, plainBinary(t), by)})
		line := s.proc.out.wait(t, `time=(\S+) level=INFO msg="kurir starts"`)
		said, err := time.Parse(time.RFC3339Nano, line[1])
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Until(said); off < by-time.Minute || off > by+time.Second {
			t.Errorf("its clock is off by %v, want %v", off, by)
		}
	}
}
