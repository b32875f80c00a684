plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
    `maven-publish`
}

val abis = listOf("arm64-v8a", "armeabi-v7a", "x86_64", "x86")
val binding = layout.buildDirectory.dir("binding")
val native = layout.buildDirectory.dir("native")

/** The native library for every ABI, with 16 KB pages. Needs cargo-ndk and the NDK. */
val cargoNdk by tasks.registering(Exec::class) {
    workingDir = rootDir.parentFile
    environment("RUSTFLAGS", "-C link-arg=-Wl,-z,max-page-size=16384")
    commandLine(
        listOf("cargo", "ndk", "-o", native.get().asFile.path) + abis.flatMap { listOf("-t", it) } +
            listOf("build", "--profile", "phone", "--locked", "--package", "homeround-ffi"),
    )
    doLast {
        // Delivered under the name that the binding asks for.
        fileTree(native).matching { include("**/libhomeround_ffi.so") }.forEach {
            it.renameTo(it.resolveSibling("libhomeround.so"))
        }
    }
}

/** The binding's source, from an unstripped build of this machine. */
val generateBinding by tasks.registering(Exec::class) {
    workingDir = rootDir.parentFile
    commandLine("sh", "-c", "cargo build --workspace --locked && target/debug/homeround-bindgen generate --config bindings/uniffi.toml " +
        "--language kotlin --no-format --library target/debug/libhomeround_ffi.so --out-dir ${binding.get().asFile.path}")
}

android {
    namespace = "org.homeround.kit"
    compileSdk = 36
    defaultConfig {
        minSdk = 28
        consumerProguardFiles("consumer-rules.pro")
    }
    sourceSets["main"].kotlin.srcDirs("src/main/kotlin", "src/android/kotlin", "src/androidx/kotlin", binding)
    sourceSets["main"].jniLibs.srcDir(native)
    publishing { singleVariant("release") { withSourcesJar() } }
}

kotlin { jvmToolchain(17) }

tasks.named("preBuild") { dependsOn(cargoNdk, generateBinding) }

dependencies {
    api(libs.kotlin.stdlib)
    api(libs.coroutines)
    implementation("${libs.jna.get()}@aar")
    implementation(libs.work)
}

publishing {
    publications {
        register<MavenPublication>("release") {
            groupId = "org.homeround"
            artifactId = "kit"
            version = "0.1.0"
            afterEvaluate { from(components["release"]) }
        }
    }
}
