package host

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// kernelOptions are the ones that decide what a measured second is: the length of
// a tick, whose account interrupts and stolen time are on, whether idle CPUs tick.
var kernelOptions = []string{
	"CONFIG_HZ", "CONFIG_IRQ_TIME_ACCOUNTING", "CONFIG_NO_HZ_FULL", "CONFIG_NO_HZ_IDLE", "CONFIG_PARAVIRT_TIME_ACCOUNTING",
	"CONFIG_TICK_CPU_ACCOUNTING", "CONFIG_VIRT_CPU_ACCOUNTING_GEN",
}

// parseKernelConfig picks the kernelOptions from a kernel's config:
//
//	# CONFIG_NO_HZ_FULL is not set
//	CONFIG_HZ=250
//
// An option that is not set is "n"; one that is not named (another architecture)
// is absent.
func parseKernelConfig(r io.Reader) (map[string]string, error) {
	config := make(map[string]string)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if !ok {
			value = "n"
			name, ok = strings.CutSuffix(strings.TrimPrefix(name, "# "), " is not set")
		}
		if ok && slices.Contains(kernelOptions, name) {
			config[name] = strings.Trim(value, `"`)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the kernel's config: %w", err)
	}
	return config, nil
}

// parseOSRelease returns PRETTY_NAME, else NAME, of os-release(5), whose values
// are quoted as in a shell:
//
//	PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
//	NAME=Debian
func parseOSRelease(data []byte) string {
	names := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && (key == "PRETTY_NAME" || key == "NAME") {
			names[key] = unquote(value)
		}
	}
	if names["PRETTY_NAME"] != "" {
		return names["PRETTY_NAME"]
	}
	return names["NAME"]
}

// unquote takes the quotes of a shell word away, and the backslashes in it.
func unquote(word string) string {
	if len(word) >= 2 && word[0] == '\'' && word[len(word)-1] == '\'' {
		return word[1 : len(word)-1]
	}
	if len(word) >= 2 && word[0] == '"' && word[len(word)-1] == '"' {
		word = word[1 : len(word)-1]
	}
	var out strings.Builder
	for i := 0; i < len(word); i++ {
		if word[i] == '\\' && i+1 < len(word) {
			i++
		}
		out.WriteByte(word[i])
	}
	return out.String()
}

// parseCPUInfo returns the model of the first CPU of /proc/cpuinfo, and whether it
// shows a hypervisor; nil where the architecture does not say.
//
//	model name	: AMD EPYC
//	flags		: fpu vme … hypervisor …
//
// Arm names parts by number only ("CPU implementer", "CPU part").
func parseCPUInfo(data []byte) (model string, virtual *bool) {
	first := make(map[string]string)
	for line := range bytes.Lines(data) {
		key, value, ok := strings.Cut(string(line), ":")
		key = strings.TrimSpace(key)
		if _, seen := first[key]; ok && !seen {
			first[key] = strings.TrimSpace(value)
		}
	}
	if flags, ok := first["flags"]; ok {
		hypervisor := slices.Contains(strings.Fields(flags), "hypervisor")
		virtual = &hypervisor
	}
	for _, key := range []string{"model name", "cpu model", "cpu", "Model"} {
		if first[key] != "" {
			return first[key], virtual
		}
	}
	if part := first["CPU part"]; part != "" {
		model = fmt.Sprintf("implementer %s part %s", first["CPU implementer"], part)
	}
	return model, virtual
}

// emulator says what emulates a CPU of that model, "" if nothing does. QEMU names its own
// (target/i386/cpu.c); the one that KVM may run as well has KVM's clock then.
func emulator(model, clocksources string) string {
	switch {
	case strings.HasPrefix(model, "QEMU TCG CPU"):
		return "QEMU TCG"
	case strings.HasPrefix(model, "QEMU Virtual CPU") && !slices.Contains(strings.Fields(clocksources), "kvm-clock"):
		return "QEMU without KVM"
	}
	return ""
}

// parseChoice returns the word in brackets:
//
//	always [madvise] never
func parseChoice(line string) string {
	_, rest, _ := strings.Cut(line, "[")
	choice, _, ok := strings.Cut(rest, "]")
	if !ok {
		return ""
	}
	return choice
}

// parseParameter returns the value of a boot parameter (the last one counts), ""
// if it is not given:
//
//	root=/dev/vda1 ro mitigations=auto,nosmt quiet
func parseParameter(cmdline, name string) string {
	value := ""
	for word := range strings.FieldsSeq(cmdline) {
		if v, ok := strings.CutPrefix(word, name+"="); ok {
			value = v
		}
	}
	return value
}
