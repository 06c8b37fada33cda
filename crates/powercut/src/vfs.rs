//! The table of C functions SQLite calls for its files: tells the model, forwards to the real VFS. Decides nothing itself.
//!
//! Only files with a name are tracked; SQLite's anonymous temporary files mean
//! nothing after a restart. Shared memory of the WAL mode is forwarded as it
//! is, so several connections work as usual. Memory-mapped reading is not
//! offered (version 2 of the file methods), so no byte goes past the model.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use rusqlite::ffi;

use crate::model::{FileId, Model, PowerCut};

/// A name under which SQLite finds the functions below, bound to one model.
pub(crate) struct Registration {
    name: &'static CStr,
    vfs: *mut ffi::sqlite3_vfs,
}

// SAFETY: the pointer is only handed to SQLite's register and unregister
// functions, which take SQLite's own lock.
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

impl Registration {
    pub(crate) fn new(model: &Arc<Mutex<Model>>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = CString::new(format!("powercut-{number}")).expect("no NUL in it");
        // Leaked on purpose, some hundred bytes each: connections keep a pointer
        // to them and may live longer than the disk.
        let name: &'static CStr = Box::leak(name.into_boxed_c_str());
        let model: *mut Weak<Mutex<Model>> = Box::into_raw(Box::new(Arc::downgrade(model)));
        let vfs = Box::into_raw(Box::new(table(name, model)));
        // SAFETY: `vfs` is valid for ever.
        let code = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(
            code,
            ffi::SQLITE_OK,
            "registering a VFS only fails without memory"
        );
        Self { name, vfs }
    }

    pub(crate) fn name(&self) -> &str {
        self.name.to_str().expect("made from ASCII")
    }

    /// Puts this VFS in the place of the default, or the original back.
    pub(crate) fn make_default(&self, yes: bool) {
        let vfs = if yes {
            self.vfs
        } else {
            ptr::from_ref(base()).cast_mut()
        };
        // SAFETY: both are registered and valid for ever.
        unsafe { ffi::sqlite3_vfs_register(vfs, 1) };
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: was registered by `new`; the memory stays.
        unsafe { ffi::sqlite3_vfs_unregister(self.vfs) };
    }
}

/// The VFS of the operating system, looked up before any of ours can be the default.
fn base() -> &'static ffi::sqlite3_vfs {
    struct Found(*mut ffi::sqlite3_vfs);
    // SAFETY: SQLite never changes or frees the VFS of the operating system.
    unsafe impl Send for Found {}
    // SAFETY: as above.
    unsafe impl Sync for Found {}
    static BASE: OnceLock<Found> = OnceLock::new();
    // SAFETY: initialises SQLite and returns a pointer that stays valid for ever.
    let found = BASE.get_or_init(|| Found(unsafe { ffi::sqlite3_vfs_find(ptr::null()) }));
    // SAFETY: as above; null only on systems without a VFS of their own.
    unsafe { found.0.as_ref() }.expect("SQLite has a VFS for this system")
}

fn base_pointer() -> *mut ffi::sqlite3_vfs {
    ptr::from_ref(base()).cast_mut()
}

fn table(name: &'static CStr, model: *mut Weak<Mutex<Model>>) -> ffi::sqlite3_vfs {
    let base = base();
    ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: c_int::try_from(REAL).expect("a small number") + base.szOsFile,
        mxPathname: base.mxPathname,
        pNext: ptr::null_mut(),
        zName: name.as_ptr(),
        pAppData: model.cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        // What has nothing to do with files goes straight to the system's functions,
        // none of which looks at the VFS it is called with.
        xDlOpen: base.xDlOpen,
        xDlError: base.xDlError,
        xDlSym: base.xDlSym,
        xDlClose: base.xDlClose,
        xRandomness: base.xRandomness,
        xSleep: base.xSleep,
        xCurrentTime: base.xCurrentTime,
        xGetLastError: base.xGetLastError,
        xCurrentTimeInt64: base.xCurrentTimeInt64,
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }
}

/// What SQLite allocates for each open file; the system's own part follows at [`REAL`].
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    /// An `Arc` given away by `open` and taken back by `close`.
    model: *const Mutex<Model>,
    id: Option<FileId>,
}

/// Offset of the system's part, aligned for anything it may hold.
const REAL: usize = mem::size_of::<OpenFile>().next_multiple_of(16);

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The system's own file behind one of ours.
///
/// # Safety
/// `file` was filled by [`open`].
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocated `szOsFile` bytes, of which ours are the first.
    unsafe { file.cast::<u8>().add(REAL).cast() }
}

/// The model and number of one of our files.
///
/// # Safety
/// `file` was filled by [`open`] and not closed; the result is not kept beyond the call.
unsafe fn ours<'a>(file: *mut ffi::sqlite3_file) -> (MutexGuard<'a, Model>, Option<FileId>) {
    // SAFETY: `open` wrote an `OpenFile` here, whose `Arc` is alive until `close`.
    let (model, id) = unsafe {
        let open = &*file.cast::<OpenFile>();
        (&*open.model, open.id)
    };
    (hold(model), id)
}

fn hold(model: &Mutex<Model>) -> MutexGuard<'_, Model> {
    model.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The model of a VFS, if its disk still exists.
///
/// # Safety
/// `vfs` was made by [`table`].
unsafe fn model_of(vfs: *mut ffi::sqlite3_vfs) -> Option<Arc<Mutex<Model>>> {
    // SAFETY: `pAppData` is the leaked `Weak` of `Registration::new`.
    unsafe { (*(*vfs).pAppData.cast::<Weak<Mutex<Model>>>()).upgrade() }
}

/// # Safety
/// `name` is null or a C string that outlives the result.
unsafe fn path<'a>(name: *const c_char) -> Option<&'a Path> {
    if name.is_null() {
        return None;
    }
    // SAFETY: by the caller's promise.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes();
    Some(Path::new(OsStr::from_bytes(bytes)))
}

/// Calls a function of the system's table, which always has it.
macro_rules! forward {
    (file $file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: SQLite calls us by its rules, and we call the system's function
        // with the system's own file and otherwise the same arguments.
        unsafe {
            let real = real($file);
            let method = (*(*real).pMethods).$method;
            method.expect("the system's VFS has every method")(real $(, $argument)*)
        }
    }};
    (vfs $method:ident $(, $argument:expr)*) => {{
        let method = base().$method.expect("the system's VFS has every method");
        // SAFETY: the same call as SQLite made to us, on the system's VFS.
        unsafe { method(base_pointer() $(, $argument)*) }
    }};
}

/// Fails the call when the power is gone.
macro_rules! need_power {
    ($file:expr) => {{
        // SAFETY: SQLite calls file methods on files we opened.
        let (model, _) = unsafe { ours($file) };
        if model.is_cut() {
            return ffi::SQLITE_IOERR;
        }
    }};
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives `szOsFile` bytes; without methods it will not call `close`.
    unsafe { (*file).pMethods = ptr::null() };
    // SAFETY: SQLite calls us with the VFS we registered.
    let Some(shared) = (unsafe { model_of(vfs) }) else {
        return ffi::SQLITE_IOERR;
    };
    let mut model = hold(&shared);
    if model.is_cut() {
        return ffi::SQLITE_IOERR;
    }
    // SAFETY: SQLite's file names are C strings that outlive the open file.
    let tracked = unsafe { path(name) }.filter(|_| flags & ffi::SQLITE_OPEN_DELETEONCLOSE == 0);
    let content = tracked.and_then(|path| std::fs::read(path).ok());
    // SAFETY: room for the system's file follows ours; the system's `open` expects it zeroed.
    unsafe { ptr::write_bytes(file.cast::<u8>().add(REAL), 0, size_of_real()) };
    // SAFETY: within the allocation SQLite made for `szOsFile`.
    let system_file = unsafe { real(file) };
    let code = forward!(vfs xOpen, name, system_file, flags, out_flags);
    if code != ffi::SQLITE_OK {
        return code;
    }
    let id = match tracked.map(|path| identify(&mut model, path, flags, content)) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(PowerCut)) => {
            forward!(file file, xClose);
            return ffi::SQLITE_IOERR;
        }
    };
    drop(model);
    let ours = OpenFile {
        base: ffi::sqlite3_file {
            pMethods: &raw const METHODS,
        },
        model: Arc::into_raw(shared),
        id,
    };
    // SAFETY: the start of SQLite's allocation, which is ours to fill.
    unsafe { ptr::write(file.cast::<OpenFile>(), ours) };
    ffi::SQLITE_OK
}

fn size_of_real() -> usize {
    usize::try_from(base().szOsFile).expect("a size is not negative")
}

/// Kinds of files after whose first sync the system's VFS syncs the directory.
const JOURNAL: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

/// The number of a file just opened, whose content before that is given if it existed.
fn identify(
    model: &mut Model,
    path: &Path,
    flags: c_int,
    content: Option<Vec<u8>>,
) -> Result<FileId, PowerCut> {
    match (model.find(path), content) {
        (Some(id), Some(_)) => Ok(id),
        (None, Some(content)) => Ok(model.found(path, content)),
        (_, None) => model.create(path, flags & JOURNAL != 0),
    }
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_directory: c_int,
) -> c_int {
    // SAFETY: SQLite calls us with the VFS we registered.
    let Some(shared) = (unsafe { model_of(vfs) }) else {
        return ffi::SQLITE_IOERR;
    };
    let mut model = hold(&shared);
    if model.is_cut() {
        return ffi::SQLITE_IOERR;
    }
    // SAFETY: a C string for the length of this call.
    if let Some(path) = unsafe { path(name) }.filter(|path| path.exists()) {
        if model.find(path).is_none() {
            let content = std::fs::read(path).unwrap_or_default();
            model.found(path, content);
        }
        if model.delete(path, sync_directory != 0) == Err(PowerCut) {
            return ffi::SQLITE_IOERR;
        }
    }
    forward!(vfs xDelete, name, sync_directory)
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    result: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls us with the VFS we registered.
    match unsafe { model_of(vfs) } {
        Some(model) if !hold(&model).is_cut() => forward!(vfs xAccess, name, flags, result),
        _ => ffi::SQLITE_IOERR,
    }
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    forward!(vfs xFullPathname, name, size, out)
}

/// Works without power: a process that ends closes its files.
unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let code = forward!(file file, xClose);
    // SAFETY: takes back what `open` gave away; SQLite closes a file once.
    drop(unsafe { Arc::from_raw((*file.cast::<OpenFile>()).model) });
    code
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    amount: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    need_power!(file);
    forward!(file file, xRead, buffer, amount, offset)
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    buffer: *const c_void,
    amount: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // The lock is held over both, so that the model sees the order the file sees.
    // SAFETY: SQLite calls file methods on files we opened.
    let (mut model, id) = unsafe { ours(file) };
    if let Some(id) = id {
        let length = usize::try_from(amount).expect("an amount is not negative");
        // SAFETY: SQLite's buffer holds `amount` bytes.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) };
        if model.write(id, position(offset), bytes) == Err(PowerCut) {
            return ffi::SQLITE_IOERR;
        }
    } else if model.is_cut() {
        return ffi::SQLITE_IOERR;
    }
    forward!(file file, xWrite, buffer, amount, offset)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls file methods on files we opened.
    let (mut model, id) = unsafe { ours(file) };
    let power = id.map_or(Ok(()), |id| model.truncate(id, position(size)));
    if power == Err(PowerCut) || model.is_cut() {
        return ffi::SQLITE_IOERR;
    }
    forward!(file file, xTruncate, size)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite calls file methods on files we opened.
    let (mut model, id) = unsafe { ours(file) };
    let power = id.map_or(Ok(()), |id| model.sync(id));
    if power == Err(PowerCut) || model.is_cut() {
        return ffi::SQLITE_IOERR;
    }
    // Not forwarded: the real file is thrown away, and waiting for a disk tests nothing.
    ffi::SQLITE_OK
}

fn position(offset: ffi::sqlite3_int64) -> u64 {
    u64::try_from(offset).expect("an offset is not negative")
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    size: *mut ffi::sqlite3_int64,
) -> c_int {
    need_power!(file);
    forward!(file file, xFileSize, size)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    need_power!(file);
    forward!(file file, xLock, level)
}

/// Works without power: the locks of a process go with it.
unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    forward!(file file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(
    file: *mut ffi::sqlite3_file,
    result: *mut c_int,
) -> c_int {
    need_power!(file);
    forward!(file file, xCheckReservedLock, result)
}

unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    forward!(file file, xFileControl, operation, argument)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    forward!(file file, xSectorSize)
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    forward!(file file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    need_power!(file);
    forward!(file file, xShmMap, page, size, extend, out)
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    if flags & ffi::SQLITE_SHM_UNLOCK == 0 {
        need_power!(file);
    }
    forward!(file file, xShmLock, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    forward!(file file, xShmBarrier);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    forward!(file file, xShmUnmap, delete)
}
