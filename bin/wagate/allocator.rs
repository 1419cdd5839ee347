//! How the program holds its memory.

/// glibc's heaps keep much of what is freed, and the fewer there are of them, the more threads wait for
/// each other: half of the time of a delivery went into that.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the allocator reads when it begins: one heap for all threads, of which what is freed goes back
/// to the system after a second, also when nothing happens any more; and what each thread keeps for itself
/// is little, since most of them have seen everything once and then rest.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the allocator looks for this name; nothing else has it")]
#[unsafe(export_name = "malloc_conf")]
pub static ALLOCATOR_SETTINGS: &[u8; 166] =
    b"narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:0,background_thread:true,\
      tcache_max:2048,tcache_nslots_small_max:20,tcache_nslots_small_min:2,tcache_gc_incr_bytes:16384\0";
