plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
    alias(libs.plugins.kotlin.compose)
}

android {
    namespace = "org.homeround.ui"
    compileSdk = 36
    defaultConfig { minSdk = 28 }
    buildFeatures { compose = true }
    sourceSets["main"].kotlin.srcDirs("src/main/kotlin", "src/android/kotlin")
}

kotlin { jvmToolchain(17) }

dependencies {
    api(project(":kit"))
    api(libs.androidx.compose.material3)
    api(libs.androidx.compose.ui)
}
