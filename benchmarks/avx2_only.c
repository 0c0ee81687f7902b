/* Hide from a process what its processor can beyond AVX2, to measure as on one that has no more.

       cc -O2 -shared -fPIC -o avx2_only.so avx2_only.c
       LD_PRELOAD=./avx2_only.so python ...

   Networks, codecs and NumPy each ask the processor what it has and take their fastest code. The
   CPUID instruction is made to fault (arch_prctl(2), ARCH_SET_CPUID; x86-64 Linux on processors with
   cpuid_fault), and its answer comes from here, without AVX-512, VNNI, AVX10 and AMX. Threads and what
   the process starts get the same. What the C library chose before is set by GLIBC_TUNABLES.
*/

#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012

/* Bits by their places in the Intel SDM, volume 2, CPUID, leaf 7. */
#define BIT(n) (1u << (n))
static const unsigned LEAF_7_EBX = /* F DQ IFMA PF ER CD BW VL */
    BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31);
static const unsigned LEAF_7_ECX = /* VBMI VBMI2 VNNI BITALG VPOPCNTDQ */
    BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14);
static const unsigned LEAF_7_EDX = /* 4VNNIW 4FMAPS VP2INTERSECT AMX-BF16 FP16 AMX-TILE AMX-INT8 */
    BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25);
static const unsigned LEAF_7_1_EAX = /* AVX-VNNI AVX512-BF16 AMX-FP16 AVX-IFMA */
    BIT(4) | BIT(5) | BIT(21) | BIT(23);
static const unsigned LEAF_7_1_EDX = /* VNNI-INT8 NE-CONVERT AMX-COMPLEX VNNI-INT16 AVX10 */
    BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19);

static void answer(int number, siginfo_t *info, void *context) {
    (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *at = (const unsigned char *)registers[REG_RIP];
    if (at[0] != 0x0f || at[1] != 0xa2) { /* a fault of another kind: die of it */
        signal(number, SIG_DFL);
        return;
    }
    unsigned leaf = (unsigned)registers[REG_RAX], sub = (unsigned)registers[REG_RCX], a, b, c, d;
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
    __cpuid_count(leaf, sub, a, b, c, d);
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
    if (leaf == 7 && sub == 0) {
        b &= ~LEAF_7_EBX;
        c &= ~LEAF_7_ECX;
        d &= ~LEAF_7_EDX;
    } else if (leaf == 7 && sub == 1) {
        a &= ~LEAF_7_1_EAX;
        d &= ~LEAF_7_1_EDX;
    }
    registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void hide(void) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, NULL) || syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0)) {
        perror("this processor or kernel can't hide what it has");
        exit(1);
    }
}
