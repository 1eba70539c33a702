package cluster

import "testing"

// BenchmarkValid is what each write to a socket costs more.
func BenchmarkValid(b *testing.B) {
	k := New(Options{Table: newMemory(), Name: "a"})
	if err := k.Join(b.Context()); err != nil {
		b.Fatal(err)
	}
	l := k.newLease("op1/1", 1)
	for b.Loop() {
		l.Valid()
	}
}
